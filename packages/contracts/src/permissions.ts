/**
 * Roles of the product. The three administrators are mutually exclusive and hold no business role (defaults 2.9).
 */
export const roles = [
  'SYSTEM_ADMIN',
  'SECURITY_ADMIN',
  'AUDIT_ADMIN',
  'OM_AUTHORITY',
  'BUSINESS_OWNER',
  'KEY_USER',
  'OM_PROVIDER',
  'END_USER',
  'MIDDLEWARE',
  'SCRIPT',
  'MONITORING_AGENT',
  'BACKUP_AGENT',
  'DELIVERY_AGENT',
  'PROVISIONING_CLIENT',
] as const
export type Role = (typeof roles)[number]

/** Roles whose holders see the whole company; everybody else's range is the own unit. */
export const companyWideRoles: readonly Role[] = [
  'SYSTEM_ADMIN',
  'SECURITY_ADMIN',
  'AUDIT_ADMIN',
  'OM_AUTHORITY',
  'OM_PROVIDER',
]

const business: readonly Role[] = ['OM_AUTHORITY', 'BUSINESS_OWNER', 'KEY_USER', 'OM_PROVIDER']

/**
 * Every permission and the roles that hold it: the role x operation matrix in one place.
 *
 * An operation names one of these; one that names none cannot start.
 */
export const permissions = {
  // incident-tiering
  'ticket.open': [...business, 'END_USER', 'SCRIPT', 'SYSTEM_ADMIN'],
  'ticket.read': [...business, 'END_USER', 'SCRIPT', 'AUDIT_ADMIN'],
  'ticket.work': business,
  'ticket.reassign': ['OM_AUTHORITY'],
  'ticket.confirm': [...business, 'END_USER'],
  'key-user.read': [...business, 'SYSTEM_ADMIN', 'SECURITY_ADMIN', 'AUDIT_ADMIN', 'SCRIPT'],
  'key-user.nominate': ['OM_AUTHORITY', 'BUSINESS_OWNER', 'SYSTEM_ADMIN'],
  'calendar.read': [
    ...business,
    'END_USER',
    'SYSTEM_ADMIN',
    'SECURITY_ADMIN',
    'AUDIT_ADMIN',
    'SCRIPT',
  ],
  'calendar.change': ['SYSTEM_ADMIN', 'OM_AUTHORITY'],
  'notification.read': ['OM_AUTHORITY', 'SYSTEM_ADMIN', 'AUDIT_ADMIN'],
  'notification.resend': ['OM_AUTHORITY', 'SYSTEM_ADMIN'],
  'webhook.manage': ['SYSTEM_ADMIN'],
  // incident-tiering: changes
  'change.read': [...business, 'SYSTEM_ADMIN', 'AUDIT_ADMIN', 'SCRIPT'],
  'change.submit': business,
  'change.approve': ['OM_AUTHORITY', 'BUSINESS_OWNER', 'KEY_USER'],
  'change.execute': ['OM_PROVIDER', 'OM_AUTHORITY'],
  'change.review': ['OM_AUTHORITY', 'BUSINESS_OWNER', 'KEY_USER'],
  // backup-orchestration
  'backup.read': [...business, 'SYSTEM_ADMIN', 'AUDIT_ADMIN', 'SCRIPT'],
  'backup.plan': ['OM_AUTHORITY', 'SYSTEM_ADMIN'],
  'backup.run': ['OM_PROVIDER', 'OM_AUTHORITY', 'SYSTEM_ADMIN', 'SCRIPT'],
  'backup.execute': ['BACKUP_AGENT'],
  'restore.plan': ['OM_PROVIDER', 'OM_AUTHORITY'],
  'restore.approve': ['OM_AUTHORITY', 'BUSINESS_OWNER'],
  'restore.execute': ['OM_PROVIDER', 'OM_AUTHORITY'],
  // assessment
  'observation.record': ['OM_AUTHORITY', 'BUSINESS_OWNER', 'MIDDLEWARE', 'SCRIPT'],
  'entry-count.record': ['OM_AUTHORITY', 'MIDDLEWARE', 'SCRIPT'],
  'observation.read': [...business, 'AUDIT_ADMIN', 'MIDDLEWARE', 'SCRIPT'],
  'time-node.read': [...business, 'END_USER', 'AUDIT_ADMIN', 'MIDDLEWARE', 'SCRIPT'],
  'time-node.plan': ['OM_AUTHORITY', 'BUSINESS_OWNER'],
  'time-node.complete': [...business, 'END_USER', 'MIDDLEWARE', 'SCRIPT'],
  'score.compute': ['OM_AUTHORITY', 'SCRIPT'],
  'score.publish': ['OM_AUTHORITY'],
  'score.read': [...business, 'END_USER', 'AUDIT_ADMIN', 'SCRIPT'],
  'appeal.file': [...business, 'END_USER'],
  'appeal.read': [...business, 'END_USER', 'AUDIT_ADMIN'],
  'appeal.decide': ['OM_AUTHORITY'],
  'control.read': [...business, 'SYSTEM_ADMIN', 'SECURITY_ADMIN', 'AUDIT_ADMIN', 'SCRIPT'],
  'control.record': ['OM_AUTHORITY', 'SYSTEM_ADMIN', 'SECURITY_ADMIN'],
  // identity: credentials, sessions, clients, audit
  'password.change': [...business, 'END_USER', 'SYSTEM_ADMIN', 'SECURITY_ADMIN', 'AUDIT_ADMIN'],
  'second-factor.manage': [
    ...business,
    'END_USER',
    'SYSTEM_ADMIN',
    'SECURITY_ADMIN',
    'AUDIT_ADMIN',
  ],
  'account.unlock': ['SECURITY_ADMIN'],
  /** Where and since when people are and were signed in: addresses are personal, so nobody else. */
  'session.read': ['SYSTEM_ADMIN', 'SECURITY_ADMIN', 'AUDIT_ADMIN'],
  'session.end': ['SYSTEM_ADMIN', 'SECURITY_ADMIN'],
  'client.read': ['SYSTEM_ADMIN', 'SECURITY_ADMIN', 'AUDIT_ADMIN'],
  'client.issue-secret': ['SYSTEM_ADMIN', 'SECURITY_ADMIN'],
  'client.complete-secret': ['SYSTEM_ADMIN', 'SECURITY_ADMIN', 'AUDIT_ADMIN'],
  'signing-key.rotate': ['SECURITY_ADMIN'],
  'audit.read': ['AUDIT_ADMIN'],
  'audit.verify': ['AUDIT_ADMIN'],
  /** Receivers of events outside: who sets one up is not who lets facts leave. */
  'event-webhook.read': ['SYSTEM_ADMIN', 'SECURITY_ADMIN', 'AUDIT_ADMIN'],
  'event-webhook.manage': ['SYSTEM_ADMIN'],
  'event-webhook.decide': ['SECURITY_ADMIN'],
  /** The security administrator for the acts of audit administrators alone, which nobody of them judges for himself. */
  'audit-task.read': ['AUDIT_ADMIN', 'SECURITY_ADMIN'],
  'audit-task.judge': ['AUDIT_ADMIN', 'SECURITY_ADMIN'],
  'audit-task.sign': ['AUDIT_ADMIN'],
  /** Facts as they are recorded; of each kind those that the other permissions let the holder read. */
  'event.read': [
    ...business,
    'SYSTEM_ADMIN',
    'SECURITY_ADMIN',
    'AUDIT_ADMIN',
    'SCRIPT',
    'MIDDLEWARE',
  ],
  // monitoring-ingest
  'source.manage': ['SYSTEM_ADMIN', 'OM_AUTHORITY'],
  'source.read': [...business, 'SYSTEM_ADMIN', 'AUDIT_ADMIN'],
  'metric.read': [...business, 'SYSTEM_ADMIN', 'AUDIT_ADMIN', 'SCRIPT'],
  'threshold.manage': ['OM_AUTHORITY', 'SYSTEM_ADMIN'],
  'threshold.read': [...business, 'SYSTEM_ADMIN', 'AUDIT_ADMIN', 'SCRIPT'],
  'alert.read': [...business, 'SYSTEM_ADMIN', 'AUDIT_ADMIN', 'SCRIPT'],
  'inspection.read': [...business, 'SYSTEM_ADMIN', 'AUDIT_ADMIN'],
  'inspection.work': ['OM_PROVIDER', 'KEY_USER', 'OM_AUTHORITY'],
  'inspection.plan': ['OM_AUTHORITY'],
  // identity
  'organisation.read': [
    ...business,
    'END_USER',
    'SYSTEM_ADMIN',
    'SECURITY_ADMIN',
    'AUDIT_ADMIN',
    'SCRIPT',
    'MIDDLEWARE',
  ],
  'organisation.manage': ['SYSTEM_ADMIN', 'OM_AUTHORITY', 'SCRIPT'],
  'organisation.decide': ['SECURITY_ADMIN', 'OM_AUTHORITY'],
  'person.read': [
    ...business,
    'SYSTEM_ADMIN',
    'SECURITY_ADMIN',
    'AUDIT_ADMIN',
    'SCRIPT',
    'MIDDLEWARE',
  ],
  /** Names, numbers and addresses of people in clear: who runs the register, and who answers for its accounts. */
  'person.read-sensitive': ['OM_AUTHORITY', 'SECURITY_ADMIN', 'SCRIPT', 'MIDDLEWARE'],
  'person.manage': ['OM_AUTHORITY', 'SCRIPT', 'MIDDLEWARE'],
  /** Who answers for the people of a unit tells that they leave. Source. */
  'departure.tell': ['BUSINESS_OWNER'],
  'departure.read': [
    'OM_AUTHORITY',
    'BUSINESS_OWNER',
    'SYSTEM_ADMIN',
    'SECURITY_ADMIN',
    'AUDIT_ADMIN',
    'SCRIPT',
    'MIDDLEWARE',
  ],
  /** People with an account in clear, in the words of SCIM: programs that keep the register in step with a directory. */
  'scim.read': ['PROVISIONING_CLIENT', 'SCRIPT', 'OM_AUTHORITY'],
  'scim.manage': ['PROVISIONING_CLIENT', 'SCRIPT'],
  'account.read': [
    'SYSTEM_ADMIN',
    'SECURITY_ADMIN',
    'AUDIT_ADMIN',
    'OM_AUTHORITY',
    'SCRIPT',
    'MIDDLEWARE',
  ],
  'account.freeze': ['SYSTEM_ADMIN', 'SECURITY_ADMIN', 'SCRIPT'],
  'account.unfreeze': ['SECURITY_ADMIN'],
  /** Whoever is signed in says that an account is stolen or at risk. */
  'account.report-theft': [
    ...business,
    'END_USER',
    'SYSTEM_ADMIN',
    'SECURITY_ADMIN',
    'AUDIT_ADMIN',
    'SCRIPT',
  ],
  'account-case.read': ['SECURITY_ADMIN', 'AUDIT_ADMIN'],
  'account-case.decide': ['SECURITY_ADMIN'],
  'network.read': ['OM_AUTHORITY', 'SYSTEM_ADMIN', 'SECURITY_ADMIN', 'AUDIT_ADMIN'],
  'network.propose': ['SYSTEM_ADMIN'],
  'network.decide': ['SECURITY_ADMIN'],
  'account.issue-password': ['SYSTEM_ADMIN', 'SECURITY_ADMIN', 'AUDIT_ADMIN'],
  'account.complete-password': [
    'SYSTEM_ADMIN',
    'SECURITY_ADMIN',
    'AUDIT_ADMIN',
    'OM_AUTHORITY',
    'BUSINESS_OWNER',
  ],
  /** Sealed second halves for newcomers, and nothing else: a program that sends them on. */
  'account.deliver-password': ['DELIVERY_AGENT'],
  'account.confirm-identity': ['SECURITY_ADMIN', 'AUDIT_ADMIN', 'OM_AUTHORITY', 'BUSINESS_OWNER'],
  'credential-reset.read': ['SECURITY_ADMIN', 'AUDIT_ADMIN'],
  // The O&M authority only for a grant that none of the administrators can decide.
  'account-change.read': ['SYSTEM_ADMIN', 'SECURITY_ADMIN', 'AUDIT_ADMIN', 'OM_AUTHORITY'],
  // The two others only for the naming of an administrator.
  'account-change.request': ['SYSTEM_ADMIN', 'SECURITY_ADMIN', 'AUDIT_ADMIN'],
  'account-change.decide': ['SECURITY_ADMIN', 'SYSTEM_ADMIN', 'AUDIT_ADMIN', 'OM_AUTHORITY'],
  /** What people hold; who answers for a unit reads its people's. */
  'grant.read': [
    'OM_AUTHORITY',
    'BUSINESS_OWNER',
    'KEY_USER',
    'SYSTEM_ADMIN',
    'SECURITY_ADMIN',
    'AUDIT_ADMIN',
    'SCRIPT',
    'MIDDLEWARE',
  ],
  'grant.end': ['SECURITY_ADMIN'],
  'access-request.read': [
    'OM_AUTHORITY',
    'BUSINESS_OWNER',
    'KEY_USER',
    'SYSTEM_ADMIN',
    'SECURITY_ADMIN',
    'AUDIT_ADMIN',
  ],
  /** Key users of the unit file them (B-4.1.5); the leader and the O&M authority may, too. */
  'access-request.submit': ['KEY_USER', 'BUSINESS_OWNER', 'OM_AUTHORITY'],
  'access-request.decide': ['BUSINESS_OWNER', 'OM_AUTHORITY', 'SECURITY_ADMIN'],
  /** Who answers for a unit reads of its people's accounts. */
  'account-finding.read': [
    'OM_AUTHORITY',
    'BUSINESS_OWNER',
    'SYSTEM_ADMIN',
    'SECURITY_ADMIN',
    'AUDIT_ADMIN',
  ],
  'account-finding.accept': ['SECURITY_ADMIN'],
  'access-review.read': [
    'OM_AUTHORITY',
    'BUSINESS_OWNER',
    'KEY_USER',
    'SYSTEM_ADMIN',
    'SECURITY_ADMIN',
    'AUDIT_ADMIN',
  ],
  'access-review.export': ['OM_AUTHORITY', 'SECURITY_ADMIN', 'AUDIT_ADMIN'],
  'access-review.open': ['SECURITY_ADMIN'],
  /** Of them who answers for the unit, the company or what is privileged, and who is named for it. */
  'access-review.decide': ['BUSINESS_OWNER', 'OM_AUTHORITY', 'SECURITY_ADMIN', 'KEY_USER'],
  'access-review.assign': ['BUSINESS_OWNER', 'OM_AUTHORITY'],
  'sod.read': [
    'OM_AUTHORITY',
    'BUSINESS_OWNER',
    'KEY_USER',
    'SYSTEM_ADMIN',
    'SECURITY_ADMIN',
    'AUDIT_ADMIN',
    'SCRIPT',
  ],
  'sod.simulate': ['OM_AUTHORITY', 'SYSTEM_ADMIN', 'SECURITY_ADMIN', 'AUDIT_ADMIN'],
  'sod.propose': ['OM_AUTHORITY', 'SYSTEM_ADMIN'],
  'sod.decide': ['SECURITY_ADMIN'],
  'provisioning.read': [
    'OM_AUTHORITY',
    'SYSTEM_ADMIN',
    'SECURITY_ADMIN',
    'AUDIT_ADMIN',
    'MIDDLEWARE',
  ],
  'provisioning.work': ['MIDDLEWARE'],
  'provisioning.handle': ['SYSTEM_ADMIN'],
  'reconciliation.upload': ['MIDDLEWARE'],
  'reconciliation.read': [
    'OM_AUTHORITY',
    'SYSTEM_ADMIN',
    'SECURITY_ADMIN',
    'AUDIT_ADMIN',
    'MIDDLEWARE',
  ],
  // What takes access away, or gives again what was approved.
  'reconciliation.handle': ['SYSTEM_ADMIN', 'SECURITY_ADMIN'],
  'reconciliation.ignore': ['SECURITY_ADMIN'],
  // Asks for it; an account change, which the security administrator decides, has the effect.
  'reconciliation.adopt': ['SYSTEM_ADMIN'],
  // the gateway: what wants a human; of each matter only those are told who may read what it is about
  'attention.read': [...business, 'SYSTEM_ADMIN', 'SECURITY_ADMIN', 'AUDIT_ADMIN', 'SCRIPT'],
  // every service
  'parameter.read': [...business, 'SYSTEM_ADMIN', 'SECURITY_ADMIN', 'AUDIT_ADMIN', 'SCRIPT'],
  'parameter.change': ['SECURITY_ADMIN'],
  // Of them never who is measured by the parameter.
  'parameter.decide': ['SYSTEM_ADMIN', 'OM_AUTHORITY', 'AUDIT_ADMIN'],
  'proposal.read': [...business, 'SYSTEM_ADMIN', 'SECURITY_ADMIN', 'AUDIT_ADMIN'],
  'dead-letter.read': ['SYSTEM_ADMIN', 'AUDIT_ADMIN'],
  'dead-letter.handle': ['SYSTEM_ADMIN'],
  'dead-letter.decide': ['SECURITY_ADMIN', 'OM_AUTHORITY'],
} as const satisfies Record<string, readonly Role[]>

export type Permission = keyof typeof permissions

/** The permissions that any of the given roles holds, sorted. */
export function permissionsOf(held: readonly Role[]): Permission[] {
  return (Object.keys(permissions) as Permission[])
    .filter((permission) => permissions[permission].some((role: Role) => held.includes(role)))
    .sort()
}
