import { clauses, type Clause } from '@erp-steward/regulation/clause'
import { resolveParameter, type ParameterVersion } from '@erp-steward/regulation/resolve'
import type { EntityManager } from 'typeorm'
import type { ControlPublished } from './control-record.ts'
import {
  controlState,
  type LatestFact,
  type LatestRecord,
  type Verdict,
} from './rules/control-state.ts'
import type { Control, FreshFor } from './rules/control.ts'
import { register } from './rules/register/all.ts'

/** A clause with its control and its state. */
export interface ControlNow {
  readonly clause: Clause
  /** `null` where nothing proves the clause yet. */
  readonly control: Control | null
  readonly verdict: Verdict
  readonly facts: readonly LatestFact[]
}

const controlOf = new Map(register.map((control) => [control.clauseId, control]))

/** All clauses of both regulations, or one, with their states at `now`, in the order of the text. */
export async function controlsNow(
  tx: EntityManager,
  now: Date,
  clauseId: string | null = null,
): Promise<readonly ControlNow[]> {
  const facts = Map.groupBy(await decidingFacts(tx, clauseId, now), (fact) => fact.clauseId)
  const records = await newestRecords(tx, clauseId)
  const published = await publishedStates(tx)
  const heardAt = await servicesHeard(tx)
  const versions = await freshnessVersions(tx)
  return clauses
    .filter(({ id }) => clauseId === null || id === clauseId)
    .map((clause) => {
      const control = controlOf.get(clause.id) ?? null
      const known = facts.get(clause.id) ?? []
      const evidence = {
        clause,
        control,
        facts: known,
        record: records.get(clause.id) ?? null,
        heardAt,
        freshFor: freshnessAt(versions, control?.freshFor ?? null, now),
      }
      const verdict = controlState(evidence, now)
      return {
        clause,
        control,
        facts: known,
        verdict: { ...verdict, since: sinceOf(verdict, published.get(clause.id)) },
      }
    })
}

/** The durations that a proof lasts; their sum is the limit. */
export function freshnessAt(
  versions: readonly ParameterVersion[],
  freshFor: FreshFor,
  at: Date,
): readonly string[] {
  if (freshFor === null) return []
  if ('duration' in freshFor) return [freshFor.duration]
  const { value } = resolveParameter(versions, freshFor.parameter, null, at)
  if (typeof value !== 'string')
    throw new RangeError(`${freshFor.parameter} is no duration, so it says nothing of freshness`)
  return [value, freshFor.plus]
}

/** Versions of the parameters that say how fresh proofs must be: of this service, and as others told of theirs. */
export async function freshnessVersions(tx: EntityManager): Promise<readonly ParameterVersion[]> {
  return tx.query(
    `select key, null as "unitId", version, value, valid_from as "validFrom", '' as author, '' as reason
       from control_parameter
     union all
     select key, unit_id, version, value, valid_from, author, reason from parameter_version where unit_id is null`,
  )
}

// Kept is the only state that facts do not date: it begins when a breach ends, or a silence, or by an hour of the day.
function sinceOf({ state, since }: Verdict, published: ControlPublished | undefined): Date | null {
  return state === 'kept' && published?.state === 'kept' ? published.changedAt : since
}

/**
 * The facts that a state depends on. Breaches that were mended and those that are past are left out, as the rules would
 * leave them out: a busy month has ten thousands of them. A proof from a clock that is ahead is not younger than its
 * arrival, or it would stay fresh for longer.
 */
async function decidingFacts(
  tx: EntityManager,
  clauseId: string | null,
  now: Date,
): Promise<(LatestFact & { clauseId: string })[]> {
  return tx.query(
    `select f.clause_id as "clauseId", f.key, f.effect, f.ends_at as "endsAt",
            case when f.effect = 'proves' then least(f.at, f.received_at) else f.at end as at
       from control_fact f
      where ($1::text is null or f.clause_id = $1) and f.effect <> 'mends'
        and (f.effect not in ('breaks', 'at-risk') or f.ends_at is null or f.ends_at >= $2)
        -- One look by primary key per breach or duty, whatever the planner knows of the table.
        and (not (f.effect in ('breaks', 'at-risk') or f.effect = 'expects' and f.ends_at is not null)
             or f.at > coalesce((
              select m.at from control_fact m
               where m.clause_id = f.clause_id and m.key = f.key and m.effect = 'mends'), '-infinity'))`,
    [clauseId, now],
  )
}

async function newestRecords(
  tx: EntityManager,
  clauseId: string | null,
): Promise<ReadonlyMap<string, LatestRecord>> {
  const rows: (LatestRecord & { clauseId: string })[] = await tx.query(
    `select distinct on (clause_id) clause_id as "clauseId", observed_at as "observedAt", valid_until as "validUntil"
       from control_record
      where ($1::text is null or clause_id = $1) and id in (select record_id from control_confirmation)
      order by clause_id, observed_at desc`,
    [clauseId],
  )
  return new Map(rows.map((row) => [row.clauseId, row]))
}

async function publishedStates(tx: EntityManager): Promise<ReadonlyMap<string, ControlPublished>> {
  const rows: ControlPublished[] = await tx.query(
    `select clause_id as "clauseId", state, reason, changed_at as "changedAt" from control_published`,
  )
  return new Map(rows.map((row) => [row.clauseId, row]))
}

/** When each service was last heard: it said that it runs, or stated a fact. */
async function servicesHeard(tx: EntityManager): Promise<ReadonlyMap<string, Date>> {
  const rows: { service: string; heardAt: Date }[] = await tx.query(
    `select service, max(at) as "heardAt"
       from (select service, least(at, received_at) as at from control_fact union all select service, heard_at from control_collector) heard
      group by service`,
  )
  return new Map(rows.map(({ service, heardAt }) => [service, heardAt]))
}
