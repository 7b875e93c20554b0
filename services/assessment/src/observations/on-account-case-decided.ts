import { AccountCaseDecided } from '@erp-steward/contracts/detection-events'
import { on } from '@erp-steward/messaging/consumer'
import { derivedId } from '../facts/derived-id.ts'
import { beginFacts } from '../facts/fact-order.ts'
import { stateObservations } from './state-observations.ts'

/**
 * An account that was lent, as a person has confirmed, is one observation against whose it is; a theft is none. Against it one
 * appeals as against any other. Sources.
 */
export const onAccountCaseDecided = on(AccountCaseDecided, async (tx, { data }, act) => {
  const { caseId, kind, decision, personId, unitId, openedAt, decidedAt } = data
  if (kind !== 'lending' || decision !== 'confirmed' || personId === null || unitId === null) return
  await beginFacts(tx)
  const [person]: { departmentId: string | null }[] = await tx.query(
    'select department_id as "departmentId" from person where id = $1',
    [personId],
  )
  const id = derivedId('account-lending', caseId)
  await stateObservations(
    tx,
    [
      {
        id,
        kind: 'account-lending',
        severity: null,
        points: null,
        personId,
        departmentId: person?.departmentId ?? null,
        unitId,
        moduleCode: null,
        reference: caseId,
        description: 'The account was lent to others, as the security administrator has confirmed.',
        occurredAt: new Date(openedAt),
        foundAt: new Date(decidedAt),
        fingerprint: id,
        originId: null,
        dueAt: null,
        dueFault: null,
        dueMissingYear: null,
        dueParameterVersion: null,
        byConcerned: false,
      },
    ],
    act,
  )
})
