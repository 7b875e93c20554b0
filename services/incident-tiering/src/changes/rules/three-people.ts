import { said, type Bilingual } from '@erp-steward/contracts/bilingual'

/** The people on record of a change. */
export interface PeopleOfChange {
  readonly requesterPersonId: string
  readonly executorPersonId: string
  readonly unitApproverPersonId: string | null
  readonly companyApproverPersonId: string | null
  /** Who approved an earlier wording: the approval is void, but it was given. */
  readonly voidedApproverPersonIds: readonly string[]
}

/**
 * What keeps a person from approving, as a sentence; `null` when nothing does. Persons are compared, not roles, so no
 * change of roles opens a way around. Source: B-4.2.4, defaults 2.4.
 */
export function objectionToApprover(people: PeopleOfChange, personId: string): Bilingual | null {
  if (personId === people.requesterPersonId)
    return said('Who asks for a change does not approve it.', '变更的申请人不得审批该变更。')
  if (personId === people.executorPersonId)
    return said('Who carries a change out does not approve it.', '变更的执行人不得审批该变更。')
  return [people.unitApproverPersonId, people.companyApproverPersonId].includes(personId)
    ? said('The two stages are approved by two people.', '两个阶段须由两人审批。')
    : null
}

/** What keeps a person from being the executor, as a sentence; `null` when nothing does. */
export function objectionToExecutor(
  people: Omit<PeopleOfChange, 'executorPersonId'>,
  personId: string,
): Bilingual | null {
  if (personId === people.requesterPersonId)
    return said('Who asks for a change does not carry it out.', '变更的申请人不得执行该变更。')
  const approvers = [
    people.unitApproverPersonId,
    people.companyApproverPersonId,
    ...people.voidedApproverPersonIds,
  ]
  return approvers.includes(personId)
    ? said('Who approved a change does not carry it out.', '变更的审批人不得执行该变更。')
    : null
}
