import type { Wait, Waits } from '@erp-steward/service-kit/waits'
import type { AdministratorRole } from '../accounts/account.ts'
import { isAnotherHand } from '../accounts/stand-in.ts'
import { loneHandsOn } from '../people/person-hand.ts'
import { mayHoldHalf } from './rules/half-holders.ts'

interface FirstHalf {
  id: string
  accountId: string
  personId: string | null
  administratorRole: AdministratorRole | null
  firstBy: string
  firstPerson: string | null
  firstRole: string
  firstAt: Date
  expiresAt: Date
}

/** A leader is left out: his half is for his own unit only. */
const ROLES = ['SYSTEM_ADMIN', 'SECURITY_ADMIN', 'AUDIT_ADMIN', 'OM_AUTHORITY'] as const

/** Passwords whose second half somebody of another role has to make. Source. */
export const passwordHalvesWaiting: Waits = async (tx, { now }) => {
  const halves: FirstHalf[] = await tx.query(
    `select reset.id, account_id as "accountId", person_id as "personId",
            administrator_role as "administratorRole", first_by as "firstBy",
            first_person as "firstPerson", first_role as "firstRole", first_at as "firstAt",
            expires_at as "expiresAt"
       from credential_reset reset join account on account.id = account_id
      where state = 'half-issued' and expires_at > $1 order by first_at, reset.id`,
    [now],
  )
  const waits: Wait[] = []
  for (const half of halves) {
    const hands = [
      { actor: half.firstBy, personId: half.firstPerson },
      { actor: half.accountId, personId: half.personId },
      ...(half.personId === null ? [] : await loneHandsOn(tx, half.personId)),
    ]
    const roles = ROLES.filter(
      (role) => role !== half.firstRole && mayHoldHalf(role, half.administratorRole),
    )
    waits.push({
      kind: 'initial-password.complete',
      subject: half.id,
      permission: 'account.complete-password',
      unitIds: [],
      since: half.firstAt,
      expiresAt: half.expiresAt,
      isDecidable: await isAnotherHand(tx, hands, roles, ['active'], now),
    })
  }
  return waits
}
