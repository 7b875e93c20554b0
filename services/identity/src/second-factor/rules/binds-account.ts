/** Who has to have a second factor. */
export type Bound = 'everyone' | 'administrators' | 'nobody'

export function bindsAccount(bound: Bound, isAdministrator: boolean): boolean {
  return bound === 'everyone' || (bound === 'administrators' && isAdministrator)
}
