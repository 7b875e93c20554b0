import { Type, type Static, type TSchema } from 'typebox'
import { Instant, Uuid } from './values.ts'

/** A fact that a service publishes: its name, what it carries and the clauses it proves. */
export interface EventDefinition<Payload extends TSchema = TSchema> {
  /** `<service>.<aggregate>.<past-tense-fact>.v<n>`, for example `incident.ticket.opened.v1`. */
  readonly type: string
  /** `<service>.<aggregate>.v<n>`: the Kafka topic, derived from the type. */
  readonly topic: string
  /** One sentence for the event catalogue. */
  readonly summary: string
  /** Ids of the clauses of the regulations that the fact proves. */
  readonly clauses: readonly string[]
  readonly payload: Payload
}

const TYPE = /^([a-z]+\.[a-z-]+)\.[a-z-]+\.(v\d+)$/

/** @throws RangeError if `type` does not follow `<service>.<aggregate>.<fact>.v<n>` */
export function defineEvent<Payload extends TSchema>(
  definition: Omit<EventDefinition<Payload>, 'topic'>,
): EventDefinition<Payload> {
  const parts = TYPE.exec(definition.type)
  if (parts === null) throw new RangeError(`${definition.type} is not a well-formed event type`)
  return { ...definition, topic: `${parts[1]}.${parts[2]}` }
}

/**
 * CloudEvents 1.0 in structured mode with the extensions that make an event evidence.
 *
 * Extension names are lower case without separators, as CloudEvents demands.
 */
export const Envelope = Type.Object({
  specversion: Type.Literal('1.0'),
  id: Uuid,
  /** The service that states the fact, `/incident-tiering`. */
  source: Type.String({ minLength: 1 }),
  type: Type.String({ minLength: 1 }),
  /** Id of the aggregate; also the Kafka key, so facts about one aggregate keep their order. */
  subject: Type.String({ minLength: 1 }),
  time: Instant,
  datacontenttype: Type.Literal('application/json'),
  actor: Type.String({ minLength: 1 }),
  actingrole: Type.String({ minLength: 1 }),
  unit: Type.Optional(Type.String()),
  /** Comma-separated clause ids, `A-2.1.4,B-4.1.1`; empty when the fact proves none. */
  clauseids: Type.String(),
  requestid: Type.String({ minLength: 1 }),
  traceparent: Type.String(),
  data: Type.Unknown(),
})
export type Envelope = Static<typeof Envelope>

/** An envelope whose payload has been checked against the definition of its type. */
export type EventOf<Definition extends EventDefinition> = Omit<Envelope, 'data'> & {
  readonly data: Static<Definition['payload']>
}
