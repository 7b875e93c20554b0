import type { EntityManager } from 'typeorm'
import { keyMetrics } from '../key-figures/rules/key-figures.ts'

/** Whether a threshold in force has judged samples of the source, or a key figure of the unit comes from it. */
export async function isSourceNeeded(tx: EntityManager, sourceId: string): Promise<boolean> {
  const [row]: { isNeeded: boolean }[] = await tx.query(
    `select exists (select from series s
                      join alert_state a on a.series_id = s.id
                      join threshold t on t.id = a.threshold_id and t.active
                     where s.source_id = $1)
         or exists (select from series where source_id = $1 and metric = any($2)) as "isNeeded"`,
    [sourceId, keyMetrics],
  )
  return row?.isNeeded === true
}
