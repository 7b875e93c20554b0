import { Type, type Static, type TSchema } from 'typebox'
import { about, Instant, Uuid } from './values.ts'

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
  specversion: Type.Literal('1.0', { description: 'Version of CloudEvents.' }),
  id: about(Uuid, 'Of this event; who has handled it handles it no more.'),
  source: Type.String({
    minLength: 1,
    description: 'The service that states the fact, `/incident-tiering`.',
  }),
  type: Type.String({ minLength: 1, description: 'What the fact is, with its version.' }),
  subject: Type.String({
    minLength: 1,
    description:
      'Id of the aggregate; also the Kafka key, so facts about one aggregate keep their order.',
  }),
  time: about(Instant, 'When the fact was stated.'),
  datacontenttype: Type.Literal('application/json', { description: 'What `data` is.' }),
  actor: Type.String({
    minLength: 1,
    description: 'The account, client or service that caused it.',
  }),
  actingrole: Type.String({ minLength: 1, description: 'The role in which the actor caused it.' }),
  unit: Type.Optional(
    Type.String({
      description:
        'The unit that the actor belongs to, not what the fact is about; absent: the company as a whole, or the product.',
    }),
  ),
  clauseids: Type.String({
    description: 'Comma-separated clause ids, `A-2.1.4,B-4.1.1`; empty when the fact proves none.',
  }),
  requestid: Type.String({
    minLength: 1,
    description: 'The request that caused it; answers and logs name it, too.',
  }),
  traceparent: Type.String({ description: 'Trace context of W3C of that request.' }),
  data: Type.Unknown({ description: 'The fact itself, as its type has it.' }),
})
export type Envelope = Static<typeof Envelope>

/** An envelope whose payload has been checked against the definition of its type. */
export type EventOf<Definition extends EventDefinition> = Omit<Envelope, 'data'> & {
  readonly data: Static<Definition['payload']>
}
