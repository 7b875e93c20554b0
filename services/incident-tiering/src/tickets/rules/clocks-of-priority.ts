import type { Priority } from '@erp-steward/contracts/values'

/** When an unrestored P1 reaches each superior, in the order of the ladder. Source: defaults 2.3. */
export const superiorSteps = ['department-head', 'leading-group', 'top-manager'] as const
export type SuperiorStep = (typeof superiorSteps)[number]

/** A clock that runs besides first response, restoration, notes and hand-over, with the parameter of its target. */
export type LongClock =
  | {
      readonly kind: SuperiorStep
      readonly parameter: `incident.escalation.p1.${'department_head' | 'leading_group' | 'top_manager'}`
    }
  | {
      readonly kind: 'unsolved'
      readonly parameter:
        | 'incident.priority.p2.raise_after'
        | 'incident.priority.p3.raise_after'
        | 'incident.priority.p4.breach_after'
    }
  | { readonly kind: 'final'; readonly parameter: `incident.sla.${'p2' | 'p3'}.final` }

/**
 * The long clocks of a ticket from the moment it has the priority. The final solution of a P1 is the report of its root
 * cause and counts from the restoration. Sources: defaults 2.1, 2.2, 2.3.
 */
export function longClocksOf(priority: Priority): readonly LongClock[] {
  switch (priority) {
    case 'P1':
      return [
        { kind: 'department-head', parameter: 'incident.escalation.p1.department_head' },
        { kind: 'leading-group', parameter: 'incident.escalation.p1.leading_group' },
        { kind: 'top-manager', parameter: 'incident.escalation.p1.top_manager' },
      ]
    case 'P2':
      return [
        { kind: 'unsolved', parameter: 'incident.priority.p2.raise_after' },
        { kind: 'final', parameter: 'incident.sla.p2.final' },
      ]
    case 'P3':
      return [
        { kind: 'unsolved', parameter: 'incident.priority.p3.raise_after' },
        { kind: 'final', parameter: 'incident.sla.p3.final' },
      ]
    case 'P4':
      return [{ kind: 'unsolved', parameter: 'incident.priority.p4.breach_after' }]
  }
}

/** The priority that a ticket unsolved for too long gets; `null` where it only counts as a breach. Source: defaults 2.1. */
export function raisedPriority(priority: Priority): Priority | null {
  switch (priority) {
    case 'P2':
      return 'P1'
    case 'P3':
      return 'P2'
    case 'P1':
    case 'P4':
      return null
  }
}
