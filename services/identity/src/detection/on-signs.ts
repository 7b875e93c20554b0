import { LeaveNoticed } from '@erp-steward/contracts/directory-events'
import { SignedIn } from '@erp-steward/contracts/sign-in-events'
import { on, type Subscription } from '@erp-steward/messaging/consumer'
import { startOfChinaDay } from '../people/rules/china-day.ts'
import { noteSigns } from './note-sign.ts'
import { signsAfterLeaving } from './signs-of-absence.ts'
import { decisions, watchDecision } from './watch-decision.ts'
import { watchSignIn } from './watch-sign-in.ts'

/** Looks for signs of sharing after the fact: nobody who signs in waits for it. Sources. */
export const onSigns: readonly Subscription[] = [
  on(SignedIn, async (tx, { data }, act) => {
    await noteSigns(tx, await watchSignIn(tx, data.sessionId, act.now), act)
  }),
  on(LeaveNoticed, async (tx, { data }, act) => {
    // Before its time nobody has left yet.
    if (data.lagSeconds === 0) return
    const leftAt = startOfChinaDay(data.leaveOn)
    await noteSigns(tx, await signsAfterLeaving(tx, data.personId, leftAt, act.now), act)
  }),
  ...decisions.map((decision) =>
    on(decision, async (tx, event, act) => {
      await noteSigns(tx, await watchDecision(tx, event, act.now), act)
    }),
  ),
]
