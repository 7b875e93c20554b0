import type { DataSource } from 'typeorm'
import { queuedEvents } from './queued-events.ts'

/** What was said of things that wait for another person. */
export interface SaidOfWait {
  /** `undecidable`, `decidable` or `running-out`. */
  readonly said: string
  readonly kind: string
  readonly subject: string
  readonly [member: string]: unknown
}

/** The queued alarms about things that wait, of one kind if given, in their order. */
export async function saidOfWaits(db: DataSource, kind?: string): Promise<SaidOfWait[]> {
  return (await queuedEvents(db))
    .filter(({ type }) => type.startsWith('audit.wait.'))
    .map(({ type, data }) => ({
      ...(data as { kind: string; subject: string }),
      said: type.split('.')[2] ?? '',
    }))
    .filter((each) => kind === undefined || each.kind === kind)
}
