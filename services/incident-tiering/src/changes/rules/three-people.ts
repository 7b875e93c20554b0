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
export function objectionToApprover(people: PeopleOfChange, personId: string): string | null {
  if (personId === people.requesterPersonId) return 'Who asks for a change does not approve it.'
  if (personId === people.executorPersonId) return 'Who carries a change out does not approve it.'
  return [people.unitApproverPersonId, people.companyApproverPersonId].includes(personId)
    ? 'The two stages are approved by two people.'
    : null
}

/** What keeps a person from being the executor, as a sentence; `null` when nothing does. */
export function objectionToExecutor(
  people: Omit<PeopleOfChange, 'executorPersonId'>,
  personId: string,
): string | null {
  if (personId === people.requesterPersonId) return 'Who asks for a change does not carry it out.'
  const approvers = [
    people.unitApproverPersonId,
    people.companyApproverPersonId,
    ...people.voidedApproverPersonIds,
  ]
  return approvers.includes(personId) ? 'Who approved a change does not carry it out.' : null
}
