import { setTimeout as sleep } from 'node:timers/promises'
import { PEOPLE } from './company.ts'
import { playAll, type Stage } from './stage.ts'

/** `kill -9` of something, and its restart. Resolves with false when there was nothing to kill yet. */
export type Blow = () => Promise<boolean>

/** How often each thing is killed. */
const KILLS = 20

/**
 * Plays the day while each blow falls at 20 random moments, spread over its steps, in starts as well; then all effects
 * must be there once and the ledger must hold.
 */
export async function playUnderFire(
  stage: Stage,
  blows: Readonly<Record<string, Blow>>,
): Promise<void> {
  const fallen = new Map(Object.keys(blows).map((name) => [name, 0]))
  const score = () => ` (${[...fallen].map(([name, n]) => `${name} ${n}`).join(', ')})`
  // So many may have fallen by now: else the quick ones are used up before the day has begun.
  let due = 0
  const strike = async () => {
    for (const [name, blow] of Object.entries(blows)) {
      const before = fallen.get(name) ?? 0
      // Between a moment and two seconds after what was killed is back.
      await sleep(100 + Math.random() * 1_900)
      if (before < due && (await blow())) fallen.set(name, before + 1)
    }
  }
  const isLeft = () => [...fallen.values()].some((n) => n < KILLS)
  const played = new AbortController()
  const fire = (async () => {
    while (!played.signal.aborted && isLeft()) await strike()
  })()
  try {
    await playAll(stage, (behind) => {
      due = Math.ceil(behind * KILLS) + 1
      return score()
    })
  } finally {
    played.abort()
    await fire
  }
  due = KILLS
  // What is left of the twenty falls on the finished day: nothing may come of it.
  while (isLeft()) await strike()
  process.stderr.write(`  the fire is over${score()}\n`)
  await stage.effects.everythingIsInTheLedger()
  await stage.day.verifyLedger()
  await stage.effects.happenedOnce(stage.day, PEOPLE)
}
