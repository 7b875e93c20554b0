/** One session of an account, as the rules of sharing look at it. */
export interface Activity {
  readonly sessionId: string
  readonly accountId: string
  readonly address: string
  /** What the program said it is; `null`: nothing. */
  readonly agent: string | null
  readonly startedAt: Date
  /** When its tokens were last renewed: until then somebody used it. */
  readonly refreshedAt: Date
  /** The fact of the sign-in; `null` for a session from before they were kept. */
  readonly eventId: string | null
}

/** Whether two sessions came from one device, as far as anybody can tell: one address, one program. */
export function isOneDevice(
  a: Pick<Activity, 'address' | 'agent'>,
  b: Pick<Activity, 'address' | 'agent'>,
): boolean {
  return a.address === b.address && a.agent === b.agent
}

/** The facts that prove it. */
export const evidenceOf = (activities: readonly Activity[]): string[] =>
  activities.flatMap(({ eventId }) => eventId ?? []).toSorted()
