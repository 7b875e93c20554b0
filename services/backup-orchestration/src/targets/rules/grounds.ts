import type { Source } from '@erp-steward/contracts/agent-protocol'

/** What of a target a gate rests on. */
export interface Grounds {
  readonly agentId: string
  readonly source: Source
  readonly keyId: string
  readonly requiredBeforeChange: boolean
  readonly active: boolean
}

const members = ['agentId', 'source', 'keyId', 'requiredBeforeChange', 'active'] as const

/** The members in which a change differs from what a gate rests on now. */
export function groundsOf(now: Grounds, changes: Partial<Grounds>): string[] {
  return members.filter(
    (member) =>
      changes[member] !== undefined &&
      JSON.stringify(changes[member]) !== JSON.stringify(now[member]),
  )
}

/**
 * Whether a change takes two persons: everything a gate rests on does, but to require a backup or to take it up again,
 * which only asks for more. Source.
 */
export function takesTwo(now: Grounds, changes: Partial<Grounds>): boolean {
  return groundsOf(now, changes).some(
    (member) =>
      !(member === 'requiredBeforeChange' && changes.requiredBeforeChange === true) &&
      !(member === 'active' && changes.active === true),
  )
}
