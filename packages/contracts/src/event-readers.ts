import type { Permission } from './permissions.ts'

/**
 * Who may read a fact, by how its type begins; the longest beginning counts. A permission is the one that reads the
 * resource that the fact is about, so that events tell nobody what lists would not.
 */
const readers: Readonly<Record<string, Permission>> = {
  'identity.directory.': 'person.read',
  'identity.directory.unit-': 'organisation.read',
  'identity.directory.department-': 'organisation.read',
  'identity.directory.position-': 'organisation.read',
  'identity.directory.module-': 'organisation.read',
  'identity.directory.person-planned': 'person.manage',
  'identity.directory.persons-imported': 'person.manage',
  'identity.directory.standing-': 'grant.read',
  'identity.directory.departure-': 'departure.read',
  'identity.directory.absence-': 'person.manage',
  'identity.account.': 'account.read',
  'identity.account.change-': 'account-change.read',
  'identity.account.client-': 'client.read',
  'identity.account.finding-': 'account-finding.read',
  'identity.grant.': 'grant.read',
  'identity.grant.requested': 'access-request.read',
  'identity.grant.approved': 'access-request.read',
  'identity.grant.rejected': 'access-request.read',
  'identity.grant.sod-': 'sod.read',
  'identity.grant.review': 'access-review.read',
  'identity.provisioning.': 'provisioning.read',
  // Failed sign-ins, resets, keys: for who handles them and for who audits that.
  'identity.security.': 'credential-reset.read',
  'identity.security.account-case-': 'account-case.read',
  'identity.security.sharing-': 'account-case.read',
  'identity.security.accounts-watched': 'account-case.read',
  'identity.security.network-': 'network.read',
  'identity.security.audit-': 'audit-task.read',
  'identity.security.client-': 'client.read',
  'identity.security.api-key-': 'client.read',
  'identity.security.drift-': 'reconciliation.read',
  'identity.security.ebs-': 'reconciliation.read',
  'incident.ticket.': 'ticket.read',
  'incident.calendar.': 'calendar.read',
  'incident.key-user.': 'key-user.read',
  'incident.superiors.': 'key-user.read',
  'incident.notification.': 'notification.read',
  'incident.change.': 'change.read',
  'monitoring.alert.': 'alert.read',
  'monitoring.threshold.': 'threshold.read',
  'monitoring.source.': 'source.read',
  'monitoring.inspection.': 'inspection.read',
  'backup.': 'backup.read',
  'assessment.observation.': 'observation.read',
  'assessment.time-node.': 'time-node.read',
  'assessment.score.': 'score.read',
  'assessment.appeal.': 'appeal.read',
  'assessment.control.': 'control.read',
  'parameter.version.': 'parameter.read',
  'audit.proposal.': 'proposal.read',
  'audit.wait.': 'proposal.read',
  'audit.access.': 'audit.read',
  'audit.access.dead-letter-': 'dead-letter.read',
}

/** Beginnings of types that are listed, for a test that each is one of some type. */
export const listedBeginnings: readonly string[] = Object.keys(readers)

/** The permission that reads facts of the type. What is not listed is for the reader of the whole ledger alone. */
export function readerOf(type: string): Permission {
  const longest = listedBeginnings
    .filter((beginning) => type.startsWith(beginning))
    .reduce((longer, each) => (each.length > longer.length ? each : longer), '')
  return readers[longest] ?? 'audit.read'
}
