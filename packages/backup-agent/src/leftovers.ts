import type { Workplace } from './assignments.ts'
import { sendReport, type Standing } from './deliver-report.ts'
import { GatewayAway, type Gateway } from './gateway.ts'
import type { Note } from './notes.ts'

/** Removes what a note names, then the note; where that cannot be done now, it stays noted. Answers whether it is gone. */
export async function removeNoted(note: Note, { notes, log }: Workplace): Promise<boolean> {
  const { assignmentId } = note
  try {
    if (note.state === 'reporting') notes.write({ ...note, state: 'working' })
    await notes.undo(note)
    return true
  } catch (error) {
    log.error({ err: error, assignmentId }, 'cannot remove what an unfinished assignment left')
    return false
  }
}

/** Removes what unfinished work left, an earlier process's or our own; never called while work is in hand. */
export async function removeLeftovers(place: Workplace): Promise<void> {
  for (const note of place.notes.all()) {
    if (note.state === 'working' && (await removeNoted(note, place)))
      place.log.warn(
        { assignmentId: note.assignmentId },
        'removed what an unfinished assignment left',
      )
  }
}

/** Acts on what became of the report on what a note names. */
export async function settle(note: Note, standing: Standing, place: Workplace): Promise<void> {
  const { assignmentId } = note
  if (standing === 'counts') place.notes.forget(assignmentId)
  else if (standing === 'void') await removeNoted(note, place)
  else place.log.warn({ assignmentId }, 'nobody can say whether the report was taken: all stays')
}

/**
 * Sends the reports again that an earlier process did not see answered, each once; those that nobody answers stay in
 * `unanswered` for the next time.
 */
export async function reportAgain(
  unanswered: Set<string>,
  place: Workplace,
  gateway: Gateway,
  signal: AbortSignal,
): Promise<void> {
  for (const assignmentId of unanswered) {
    const note = place.notes.read(assignmentId)
    if (note?.state === 'reporting' && note.report !== undefined) {
      try {
        const delivery = { assignmentId, report: note.report, isRepeated: true }
        const standing = await sendReport(delivery, gateway, signal)
        place.log.info({ assignmentId, standing }, 'reported again')
        await settle(note, standing, place)
      } catch (error) {
        if (!(error instanceof GatewayAway)) throw error
        place.log.warn({ assignmentId, reason: error.message }, 'the report waits')
        continue
      }
    }
    unanswered.delete(assignmentId)
  }
}
