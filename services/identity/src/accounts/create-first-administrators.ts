import { randomBytes, randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import type { DataSource } from 'typeorm'
import { issueInitialPassword } from '../credentials/issue-initial-password.ts'
import type { Account, AdministratorRole } from './account.ts'
import { stateUnnamed } from './administrator-role.ts'
import { announceAccount, insertUnlessTaken } from './create-account.ts'

/** An administrator with the password to begin with. */
export interface FirstAdministrator {
  readonly userName: string
  readonly role: AdministratorRole
  readonly password: string
}

const first: readonly { userName: string; role: AdministratorRole }[] = [
  { userName: 'SYSADM', role: 'SYSTEM_ADMIN' },
  { userName: 'SECADM', role: 'SECURITY_ADMIN' },
  { userName: 'AUDADM', role: 'AUDIT_ADMIN' },
]

/** Any number; two hosts that start on one fresh database wait for each other. */
const BOOTSTRAP_LOCK = 7_411_003

/**
 * Creates the three administrators of a fresh installation and answers their initial passwords. Answers nothing once
 * there is any administrator.
 *
 * @param keep puts the passwords where the operator finds them, before the accounts are committed: a crash between
 *   the two leaves words that open nothing, never accounts whose passwords nobody knows
 *
 * Source: defaults 2.9, three administrators.
 */
export async function createFirstAdministrators(
  db: DataSource,
  now: Date,
  keep: (created: readonly FirstAdministrator[]) => void,
): Promise<FirstAdministrator[]> {
  const act: Act = {
    actor: 'service:identity',
    personId: null,
    controllers: [],
    role: 'SERVICE',
    unitId: null,
    requestId: randomUUID(),
    traceparent: `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`,
    now,
  }
  return db.transaction(async (tx) => {
    await tx.query('select pg_advisory_xact_lock($1)', [BOOTSTRAP_LOCK])
    const known: unknown[] = await tx.query(
      'select from account where administrator_role is not null limit 1',
    )
    if (known.length > 0) return []
    const created: FirstAdministrator[] = []
    for (const { userName, role } of first) {
      const account: Account = {
        id: randomUUID(),
        // Words of the product, not of a person: the keys are not here, identity seals them at its first start.
        userName,
        userNameLookup: null,
        personId: null,
        administratorRole: role,
        status: 'active',
        epoch: 0,
        version: 1,
        createdAt: now,
        disabledAt: null,
        disabledReason: null,
        rightsPending: false,
        coolingUntil: null,
      }
      if (!(await insertUnlessTaken(tx, account)))
        throw new Error(`${userName} belongs to an account that is no administrator`)
      await announceAccount(tx, account, act)
      await stateUnnamed(tx, { id: account.id, role }, act)
      // They do not cool: nobody but the operator at the host's own console has seen them, and there is no third who
      // could confirm anybody. Who the three are is said by an account change of kind `name-administrator`.
      const password = await issueInitialPassword(tx, account, false, act)
      created.push({ userName, role, password })
    }
    keep(created)
    return created
  })
}
