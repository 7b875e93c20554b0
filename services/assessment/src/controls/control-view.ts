import { ControlState } from '@erp-steward/contracts/assessment-events'
import { about, InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { claimOf } from '@erp-steward/regulation/claims'
import { ClauseId, ClauseMode } from '@erp-steward/regulation/clause'
import type { Language } from '@erp-steward/service-kit/language'
import { Type, type Static } from 'typebox'
import type { ControlNow } from './controls-now.ts'
import { effects } from './rules/control.ts'
import { reasonText } from './rules/reason-text.ts'

export const Regulation = Type.Enum(['A', 'B'], {
  title: 'Regulation',
  description:
    '`A`: daily running of the ERP (日常运行管理制度); `B`: its operation and maintenance (运行维护管理办法).',
})

const ClaimState = Type.Enum(['in-force', 'partly', 'not-yet'], {
  title: 'ClauseClaim',
  description: 'What the product says of the clause, whatever its state is now.',
})

const FactEffect = Type.Enum([...effects], {
  title: 'ControlEffect',
  description:
    '`expects`: something must be proven; `proves`: the duty was done; `breaks` and `at-risk`: it was not, or may not be, until `mends`; ' +
    '`silences`, `speaks`: who would tell is silent, is heard again; `retires`: what the fact is about is gone.',
})

/** A clause of a regulation with its state now. */
export const ControlView = Type.Object(
  {
    clauseId: about(ClauseId, 'Number in the catalogue of duties, `A-2.1.4`; it never changes.'),
    regulation: Regulation,
    title: Type.String({ description: 'The duty: in the words of the regulation, or in English.' }),
    mode: ClauseMode,
    service: Type.String({ description: 'The service that keeps it, or `all`.' }),
    claim: ClaimState,
    missing: nullable(
      Type.String(),
      'What a clause lacks that is partly in force; null for others.',
    ),
    state: ControlState,
    reason: Type.String({ description: 'Why it is in its state, for people.' }),
    reasonCode: Type.String({
      description: 'The same for programs: `proven`, `open-breaches`, `proof-old` and so on.',
    }),
    since: nullable(
      InstantOut,
      'Since when, as far as the facts tell; null where nothing ever happened.',
    ),
    lastProofAt: nullable(
      InstantOut,
      'When it was proven last; for what is counted by month no later than its end.',
    ),
    freshUntil: nullable(
      InstantOut,
      'Until when what proves it now still does; null where nothing does, or time does not end it.',
    ),
  },
  { title: 'Control' },
)

const fact = {
  key: Type.String({ description: 'What the fact is about; empty for the clause as a whole.' }),
  at: about(InstantOut, 'When it happened.'),
  service: Type.String({ description: 'The service that stated it.' }),
  eventId: about(Uuid, 'Id in the audit ledger.'),
  eventType: Type.String({ description: 'Type of the event, with its version.' }),
  subject: Type.String({ description: 'Id of what the event is about.' }),
  receivedAt: about(InstantOut, 'When it was received here.'),
}

const FactView = Type.Object(fact, { title: 'ControlFact' })
const EvidenceView = Type.Object({ ...fact, effect: FactEffect }, { title: 'ControlEvidence' })

/** One way in which events touch a clause. */
const TouchView = Type.Object(
  {
    event: Type.String({ description: 'Type of the event.' }),
    effect: FactEffect,
    key: Type.String({
      description: 'What the fact is about, members of the payload in braces: `{targetId}`.',
    }),
    when: Type.Record(Type.String(), Type.Array(Type.Unknown()), {
      description:
        'Members of the payload by path, and the values of which one is met; `!` before a path: none is.',
    }),
    lasts: nullable(
      Type.String(),
      'ISO 8601 duration after which a breach is past, or a proof serves no more; null: until it is mended, or grows old.',
    ),
    due: nullable(
      Type.String(),
      'Of what is expected: the member with the instant, or a duration, by which; null: from now on.',
    ),
    why: nullable(
      Type.String(),
      'Why the event counts although it does not list the clause; null where it does.',
    ),
    month: nullable(
      Type.String(),
      'Member with the month that a proof is about: it is as old as the end of that month.',
    ),
  },
  { title: 'ControlTouch' },
)

/** The same with what is demanded, what proves it, and the facts. */
export const ControlDetail = Type.Object(
  {
    ...ControlView.properties,
    section: Type.String({ description: 'Heading above the clause.' }),
    demand: nullable(
      Type.String(),
      'What must be true now for the clause to be kept; null, as the next five, where nothing can prove it yet.',
    ),
    proof: nullable(Type.String(), 'The facts that show it.'),
    counterExample: nullable(Type.String(), 'What must turn it.'),
    requires: Type.Array(
      Type.Object(
        {
          key: Type.String({ description: 'The key of the proof, or its first parts.' }),
          what: Type.String({ description: 'What it shows, for people.' }),
        },
        { title: 'ControlRequirement' },
      ),
      { description: 'Proofs that are needed each, by the first parts of their key.' },
    ),
    scope: nullable(
      Type.Enum(['each', 'any']),
      '`each`: every key that is expected or was proven must stay proven; `any`: one proof serves the clause.',
    ),
    freshFor: Type.Object(
      {
        durations: Type.Array(Type.String(), {
          description: 'ISO 8601, to be added up; empty where the age of a proof does not matter.',
        }),
        parameter: nullable(Type.String(), 'Key of the parameter that sets it; null: none does.'),
        reason: nullable(Type.String(), 'Why so long.'),
      },
      { description: 'How old the last proof may be.' },
    ),
    collectors: Type.Array(Type.String(), {
      description: 'Services whose facts decide; one unheard for three hours makes it `stale`.',
    }),
    provenBy: Type.Array(TouchView, { description: 'The events that touch it.' }),
    parameters: Type.Array(Type.String(), { description: 'Keys of the parameters of the clause.' }),
    openBreaches: Type.Array(FactView, {
      description: 'What breaks it now, the oldest first, at most 200.',
    }),
    evidence: Type.Array(EvidenceView, { description: 'The newest facts, the newest first.' }),
  },
  { title: 'ControlDetail' },
)

/** How many clauses are in each state. */
export const ControlSummary = Type.Object(
  {
    at: about(InstantOut, 'The instant of the states.'),
    total: Type.Integer({ description: 'Clauses of both regulations.' }),
    states: Type.Array(
      Type.Object(
        {
          state: ControlState,
          count: Type.Integer({ description: 'Clauses in it.' }),
        },
        { title: 'ControlCount' },
      ),
      { description: 'Every state, also those of no clause.' },
    ),
  },
  { title: 'ControlSummary' },
)

/** A clause with its state, in the language of the reader. */
export function controlView(
  { clause, verdict }: ControlNow,
  language: Language,
): Static<typeof ControlView> {
  const { reason, ...rest } = verdict
  const { state: claim, missing } = claimOf(clause.id)
  return {
    clauseId: clause.id,
    regulation: clause.regulation,
    title: language === 'zh-CN' ? clause.original : clause.summary,
    mode: clause.mode,
    service: clause.service,
    claim,
    missing: missing?.[language] ?? null,
    ...rest,
    reason: reasonText(reason, language),
    reasonCode: reason.code,
  }
}
