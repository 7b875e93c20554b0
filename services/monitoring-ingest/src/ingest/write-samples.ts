import { createHash } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { Statement } from '@erp-steward/messaging/statement'
import type pg from 'pg'
import { evaluateSamples, type Watched } from '../alerts/evaluate-samples.ts'
import type { Observation } from '../alerts/rules/alert-machine.ts'
import { noteHeard } from '../sources/find-silent-sources.ts'
import {
  readActiveThresholds,
  thresholdsFor,
  type ThresholdSetInForce,
} from '../thresholds/active-thresholds.ts'
import { INGEST_LOCK } from '../thresholds/revision.ts'
import type { SendingSource } from './authenticate-source.ts'
import { dayOf, makePartition } from './partitions.ts'
import { Refusals } from './refusals.ts'
import { decodeLabels, type WriteRequest } from './rules/decode-write-request.ts'
import { labelSet, type LabelFault, type LabelSet } from './rules/label-set.ts'
import { timeFault } from './rules/time-window.ts'
import { SeriesCache, type KnownSeries } from './series-cache.ts'

/** How exactly it is known when a source was last heard, in milliseconds. */
const HEARD_MS = 10_000
/** Advisory lock, with the source as its second key, of whoever adds series; any number that nothing else uses. */
const SERIES_LOCK = 7_411_012
/** Bytes that the cache of series may take. */
const CACHE_BYTES = 100_000_000
/** Tries of a transaction that another one got in the way of. */
const ATTEMPTS = 4
/** Deadlock, serialization failure, and a day dropped by whoever keeps the partitions. */
const NO_PARTITION = '23514'
const RETRIED = new Set(['40P01', '40001', NO_PARTITION])

/** What became of a request; it is durable when this is returned. */
export interface Written {
  /** Samples kept, those included that were there before. */
  readonly written: number
  readonly refusals: Refusals
}

/** A series not in memory, which may have its row or not; the fingerprint is what rows are told apart by. */
interface UnknownSeries extends LabelSet {
  readonly fingerprint: Buffer
}

/** The samples of one request that passed, by series key, and the rows still to be found or made. */
interface Batch {
  readonly samples: ReadonlyMap<string, Observation[]>
  readonly unknown: ReadonlyMap<string, UnknownSeries>
}

/** A series of a request: where its samples go, or why they are refused. */
type Sifted =
  | { readonly name: string; readonly keep: Observation[] }
  | { readonly name: null; readonly fault: LabelFault }

/** Keeps samples: rows, alert states and events of a request commit together, before the answer. */
export class SampleWriter {
  readonly #pool: pg.Pool
  readonly #seriesPerSource: number
  readonly #cache = new SeriesCache(CACHE_BYTES)
  readonly #heardMs = new Map<string, number>()
  readonly #days = new Set<number>()
  #thresholds: ThresholdSetInForce = { revision: '', byMetric: new Map() }

  constructor(pool: pg.Pool, seriesPerSource: number) {
    this.#pool = pool
    this.#seriesPerSource = seriesPerSource
  }

  /**
   * @throws MalformedWrite when labels cannot be read; Problem `unauthenticated` when the source was disabled
   *   meanwhile, `unavailable` when other transactions got in the way too often
   */
  async write(source: SendingSource, request: WriteRequest, act: Act): Promise<Written> {
    const refusals = new Refusals()
    const batch = this.#sift(source, request, act.now.getTime(), refusals)
    if (batch.samples.size === 0 && request.staleMarkers === 0) return { written: 0, refusals }
    const nowMs = act.now.getTime()
    const notedMs = this.#heardMs.get(source.id)
    const isHeardDue = notedMs === undefined || Math.abs(nowMs - notedMs) >= HEARD_MS
    for (let attempt = 1; ; attempt += 1) {
      await this.#makeDays(batch)
      const added = new Map<string, KnownSeries>()
      const overLimit: [metric: string, samples: number][] = []
      try {
        const written = await this.#inTransaction(async (tx, revision) => {
          const stored = await this.#store(tx, revision, source, batch, added, overLimit, act)
          if (isHeardDue) await noteHeard(tx, source.id, act)
          return stored
        })
        for (const [key, series] of added) this.#cache.put(source.id, key, series)
        // Only when it was noted: moved by every request, it would never be due again while requests keep coming.
        if (isHeardDue) this.#heardMs.set(source.id, nowMs)
        for (const [metric, count] of overLimit) refusals.add('series-limit', metric, count)
        return { written, refusals }
      } catch (error) {
        const { code = '' } = error as { code?: string }
        if (!RETRIED.has(code)) throw error
        if (code === NO_PARTITION) this.#days.clear()
        if (attempt === ATTEMPTS)
          throw new Problem(
            'unavailable',
            said('Other requests got in the way.', '与其他请求发生冲突。'),
            {
              retryAfterSeconds: 1,
            },
          )
      }
    }
  }

  /** Takes out what cannot be kept, before any transaction begins. */
  #sift(source: SendingSource, request: WriteRequest, nowMs: number, refusals: Refusals): Batch {
    const { seriesKeys, seriesOf, timestampsMs, values, histogramsOf } = request
    const known = this.#cache.of(source.id)
    const samples = new Map<string, Observation[]>()
    const unknown = new Map<string, UnknownSeries>()
    const named = seriesKeys.map((key): Sifted => {
      const hit = known.get(key)
      const set = hit ?? unknown.get(key) ?? labelSet(decodeLabels(key))
      if (typeof set === 'string') return { name: null, fault: set }
      if ('canonical' in set && !unknown.has(key)) {
        const fingerprint = createHash('sha256').update(set.canonical).digest()
        unknown.set(key, { ...set, fingerprint })
      }
      let keep = samples.get(key)
      if (keep === undefined) {
        keep = []
        samples.set(key, keep)
      }
      return { name: set.metric, keep }
    })
    for (const series of histogramsOf)
      refusals.add('native-histogram', named[series]?.name ?? null, 1)
    for (let index = 0; index < seriesOf.length; index += 1) {
      const of = named[seriesOf[index] ?? -1]
      const atMs = timestampsMs[index] ?? 0
      if (of === undefined) continue
      const fault = 'fault' in of ? of.fault : timeFault(atMs, nowMs)
      if (fault !== null) refusals.add(fault, of.name, 1, atMs)
      else if ('keep' in of) of.keep.push({ atMs, value: values[index] ?? 0 })
    }
    for (const [key, kept] of samples)
      if (kept.length === 0) {
        samples.delete(key)
        unknown.delete(key)
      }
    return { samples, unknown }
  }

  async #makeDays({ samples }: Batch): Promise<void> {
    const days = new Set<number>()
    for (const kept of samples.values()) for (const { atMs } of kept) days.add(dayOf(atMs))
    for (const day of days) {
      if (this.#days.has(day)) continue
      await this.#inTransaction((tx) => makePartition(tx, day))
      this.#days.add(day)
    }
  }

  async #store(
    tx: Statement,
    revision: string,
    source: SendingSource,
    { samples, unknown }: Batch,
    added: Map<string, KnownSeries>,
    overLimit: [metric: string, samples: number][],
    act: Act,
  ): Promise<number> {
    // Taking a source or a threshold away raises the revision; then what the request began with may no longer hold.
    if (revision !== source.revision) await assertStillActive(tx, source.id)
    if (revision !== this.#thresholds.revision)
      this.#thresholds = await readActiveThresholds(tx, revision)
    const thresholds = this.#thresholds
    const known = this.#cache.of(source.id)
    if (unknown.size > 0) await this.#addSeries(tx, source, unknown, added, act)
    const ids: string[] = []
    const times: number[] = []
    const values: number[] = []
    const watched: Watched[] = []
    for (const [key, kept] of samples) {
      const series = known.get(key) ?? added.get(key)
      if (series === undefined) {
        overLimit.push([unknown.get(key)?.metric ?? 'a series', kept.length])
        continue
      }
      for (const { atMs, value } of kept) {
        ids.push(series.id)
        times.push(atMs)
        values.push(value)
      }
      const watching = watchOf(series, source, thresholds)
      for (const threshold of watching)
        watched.push({
          threshold,
          seriesId: series.id,
          unitId: source.unitId,
          moduleCode: source.moduleCode,
          labels: series.labels,
          observations: kept,
        })
    }
    if (ids.length > 0) await insertSamples(tx, ids, times, values)
    await evaluateSamples(tx, watched, act)
    return ids.length
  }

  /** Finds or makes the rows of series not yet in memory, as far as the source's limit reaches. */
  async #addSeries(
    tx: Statement,
    source: SendingSource,
    unknown: ReadonlyMap<string, UnknownSeries>,
    added: Map<string, KnownSeries>,
    act: Act,
  ): Promise<void> {
    const wanted = new Map(
      [...unknown.values()].map((set) => [set.fingerprint.toString('hex'), set]),
    )
    let ids = await seriesIds(tx, source.id, [...wanted.values()])
    if (ids.size < wanted.size) {
      let room = this.#seriesPerSource - (await countSeries(tx, source.id))
      // Counting and adding take turns per source. A full source stays full: its requests need not wait for each other.
      if (room > 0) {
        await tx.query('select pg_advisory_xact_lock($1, hashtext($2))', [SERIES_LOCK, source.id])
        room = this.#seriesPerSource - (await countSeries(tx, source.id))
      }
      // Once more: another request may have made some of them meanwhile.
      ids = await seriesIds(tx, source.id, [...wanted.values()])
      const missing = [...wanted].filter(([hex]) => !ids.has(hex)).map(([, set]) => set)
      const allowed = missing.slice(0, Math.max(0, room))
      await tx.query(
        `insert into series (source_id, unit_id, module_code, metric, labels, fingerprint, created_at)
         select $1, $2, $3, metric, labels::jsonb, fingerprint, $4
           from unnest($5::text[], $6::text[], $7::bytea[]) as fresh (metric, labels, fingerprint)
         on conflict on constraint series_source_key do nothing`,
        [
          source.id,
          source.unitId,
          source.moduleCode,
          act.now,
          allowed.map(({ metric }) => metric),
          allowed.map(({ labels }) => JSON.stringify(labels)),
          allowed.map(({ fingerprint }) => fingerprint),
        ],
      )
      for (const [hex, id] of await seriesIds(tx, source.id, allowed)) ids.set(hex, id)
    }
    for (const [key, { metric, labels, fingerprint }] of unknown) {
      const id = ids.get(fingerprint.toString('hex'))
      if (id !== undefined) added.set(key, { id, metric, labels, watch: null })
    }
  }

  /** One round trip begins the transaction, shares the ingest lock and reads the revision behind it. */
  async #inTransaction<Result>(
    work: (tx: Statement, revision: string) => Promise<Result>,
  ): Promise<Result> {
    const client = await this.#pool.connect()
    let broken: Error | undefined
    try {
      const began = (await client.query(
        `begin; select pg_advisory_xact_lock_shared(${String(INGEST_LOCK)});
         select revision::text from threshold_revision`,
      )) as unknown as pg.QueryResult<{ revision: string }>[]
      const result = await work(rowsOf(client), began[2]?.rows[0]?.revision ?? '')
      await client.query('commit')
      return result
    } catch (error) {
      await client.query('rollback').catch((lost: unknown) => {
        broken = lost instanceof Error ? lost : new Error('rollback failed')
      })
      throw error
    } finally {
      client.release(broken)
    }
  }
}

/** A client that answers with rows alone, as `appendEvent` and the queries here want it. */
export function rowsOf(client: pg.ClientBase): Statement {
  return {
    query: async (text, values) => (await client.query<Record<string, unknown>>(text, values)).rows,
  }
}

function watchOf(series: KnownSeries, source: SendingSource, thresholds: ThresholdSetInForce) {
  const { revision } = thresholds
  if (series.watch?.revision !== revision) {
    const { metric, labels } = series
    const { unitId, moduleCode } = source
    const watching = thresholdsFor(thresholds, { unitId, moduleCode, metric, labels })
    series.watch = { revision, thresholds: watching }
  }
  return series.watch.thresholds
}

async function seriesIds(tx: Statement, sourceId: string, sets: readonly UnknownSeries[]) {
  const rows = (await tx.query(
    `select id, encode(fingerprint, 'hex') as hex from series
      where source_id = $1 and fingerprint = any($2::bytea[])`,
    [sourceId, sets.map(({ fingerprint }) => fingerprint)],
  )) as { id: string; hex: string }[]
  return new Map(rows.map(({ id, hex }) => [hex, id]))
}

async function countSeries(tx: Statement, sourceId: string): Promise<number> {
  const [row] = (await tx.query('select count(*)::int as count from series where source_id = $1', [
    sourceId,
  ])) as { count: number }[]
  return row?.count ?? 0
}

/**
 * Array literals written here cost a quarter of what the driver needs for them. What is there already stays: a
 * repeated request changes nothing.
 */
async function insertSamples(
  tx: Statement,
  ids: readonly string[],
  times: readonly number[],
  values: readonly number[],
): Promise<void> {
  await tx.query(
    `insert into sample (series_id, ts, value)
     select id, to_timestamp(ms / 1000), value
       from unnest($1::bigint[], $2::float8[], $3::float8[]) as s (id, ms, value)
     on conflict do nothing`,
    [`{${ids.join(',')}}`, `{${times.join(',')}}`, `{${values.join(',')}}`],
  )
}

async function assertStillActive(tx: Statement, sourceId: string): Promise<void> {
  const rows = (await tx.query(`select from source where id = $1 and state = 'active'`, [
    sourceId,
  ])) as unknown[]
  if (rows.length === 0)
    throw new Problem('unauthenticated', said('The source is disabled.', '该数据源已停用。'))
}
