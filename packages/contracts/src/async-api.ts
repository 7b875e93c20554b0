import { Envelope, type EventDefinition } from './event.ts'
import { worded } from './event-words.ts'

/** The AsyncAPI 3.0 document: what is sent on each topic, for programs that read the events. */
export interface AsyncApiDocument {
  readonly asyncapi: '3.0.0'
  readonly channels: Readonly<Record<string, Channel>>
  readonly components: {
    readonly messages: Readonly<Record<string, object>>
    readonly schemas: Readonly<Record<string, unknown>>
    readonly [kind: string]: unknown
  }
  readonly [member: string]: unknown
}

interface Channel {
  /** The topic. */
  readonly address: string
  readonly messages: Readonly<Record<string, Reference>>
  readonly [member: string]: unknown
}

interface Reference {
  readonly $ref: string
}

/** Every message is one, whatever fact it tells. */
const CONTENT_TYPE = 'application/cloudevents+json'
const ENVELOPE = 'Envelope'

const DESCRIPTION = `Every fact that the product states, as it stands on its topic in Kafka. 中文见下。

Each message is a CloudEvent 1.0 in structured mode; its key is the \`subject\`. Delivery is at least once and in order per subject:
who has handled an \`id\` handles it no more. New members may come at any time, so unknown ones are to be ignored; anything else that
changes is a new version of the type, beside the old one. Tags are the clauses of the regulations that the fact proves. Members hold
ids and facts, never secrets; what is sealed can be opened by services of the product only.

Where the product runs in one process without Kafka, the same facts stay within it, and callers read them at \`/v1/events\` (as server-sent
events, each \`data\` one of these messages), \`/v1/changes-feed\` and \`/v1/audit\` (see \`/openapi.json\`).

本文档列出本产品发布的每一项事实及其在 Kafka 中的主题。每条消息是结构化模式的 CloudEvents 1.0 事件，其键为 \`subject\`。至少投递一次，
同一 \`subject\` 内保持顺序：已处理过的 \`id\` 不再处理。随时可能增加新成员，未知成员应予忽略；其他任何变化都成为新版本的类型，与旧版本并存。
标签为该事实所证明的制度条款。成员只含标识与事实，不含任何秘密；加密的内容只有本产品的服务能够解开。

本产品在单一进程内运行且不使用 Kafka 时，这些事实只在进程内传递，调用方经 \`/v1/events\`（服务器推送事件，每条 \`data\` 即此处的一条消息）、
\`/v1/changes-feed\` 和 \`/v1/audit\` 读取（见 \`/openapi.json\`）。`

/**
 * The AsyncAPI document of events: a channel for each topic, a message for each type. A schema with a name, its `title`,
 * stands once among the components; the payload of a type has its type as the name.
 *
 * @throws Error for two shapes under one name
 */
export function asyncApiDocument(definitions: readonly EventDefinition[]): AsyncApiDocument {
  const schemas = new Map<string, unknown>()
  const name = (title: string, schema: unknown): Reference => {
    const known = schemas.get(title)
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(schema))
      throw new Error(`Two shapes are named ${title}.`)
    schemas.set(title, schema)
    return { $ref: `#/components/schemas/${title}` }
  }
  name(ENVELOPE, hoisted(Envelope, name))
  const messages = definitions.map((definition) => [definition.type, message(definition, name)])
  const byTopic = [...Map.groupBy(definitions, ({ topic }) => topic)]
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'ERP Steward',
      version: '1',
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: CONTENT_TYPE,
    servers: {
      kafka: {
        host: '{brokers}',
        protocol: 'kafka',
        description: 'The cluster that the services publish to.',
        variables: {
          brokers: { description: '`host:port`, as `KAFKA_BROKERS` of the site has it.' },
        },
      },
    },
    channels: Object.fromEntries(byTopic.map(([topic, own]) => [topic, channel(topic, own)])),
    operations: Object.fromEntries(
      byTopic.map(([topic, own]) => [
        `send${inCapitals(topic)}`,
        {
          action: 'send',
          summary: `The product states facts of ${aggregateOf(topic)}.`,
          channel: { $ref: `#/channels/${topic}` },
          messages: own.map(({ type }) => ({ $ref: `#/channels/${topic}/messages/${type}` })),
        },
      ]),
    ),
    components: {
      messages: Object.fromEntries(messages) as Record<string, object>,
      messageTraits: { fact: FACT },
      schemas: Object.fromEntries(schemas),
    },
  }
}

/** What Kafka carries beside each message. */
const FACT = {
  contentType: CONTENT_TYPE,
  headers: {
    type: 'object',
    required: ['content-type'],
    properties: { 'content-type': { const: CONTENT_TYPE, description: 'What the value is.' } },
  },
  bindings: {
    kafka: {
      key: { type: 'string', description: 'The `subject`: facts about one keep their order.' },
      bindingVersion: '0.5.0',
    },
  },
}

function channel(topic: string, definitions: readonly EventDefinition[]): Channel {
  return {
    address: topic,
    summary: `Facts of ${aggregateOf(topic)}.`,
    messages: Object.fromEntries(
      definitions.map(({ type }) => [type, { $ref: `#/components/messages/${type}` }]),
    ),
    bindings: { kafka: { topic, bindingVersion: '0.5.0' } },
  }
}

type Name = (title: string, schema: unknown) => Reference

function message(definition: EventDefinition, name: Name): object {
  const { type, summary, clauses } = definition
  const data = name(inCapitals(type), hoisted(withoutTitle(worded(definition)), name))
  return {
    name: type,
    title: type,
    summary,
    ...(clauses.length > 0 && { tags: clauses.map((clause) => ({ name: clause })) }),
    traits: [{ $ref: '#/components/messageTraits/fact' }],
    payload: {
      allOf: [
        { $ref: `#/components/schemas/${ENVELOPE}` },
        { type: 'object', required: ['type', 'data'], properties: { type: { const: type }, data } },
      ],
    },
  }
}

/** The schema with a reference in place of each part that has a name. Without what TypeBox keeps for itself. */
function hoisted(value: unknown, name: Name): unknown {
  if (Array.isArray(value)) return value.map((each) => hoisted(each, name))
  if (typeof value !== 'object' || value === null) return value
  const inner = Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, hoisted(member, name)]),
  )
  const { title } = inner
  return typeof title === 'string' ? name(title, withoutTitle(inner)) : inner
}

function withoutTitle(schema: object): object {
  const { title: _title, ...rest } = schema as { title?: unknown }
  return rest
}

/** `incident.ticket.opened.v1` as `IncidentTicketOpenedV1`, a name that generators make a type of. */
function inCapitals(type: string): string {
  return type.replace(/(?:^|[.-])([a-z])/g, (_all, letter: string) => letter.toUpperCase())
}

/** `incident.ticket.v1` as `incident.ticket`. */
function aggregateOf(topic: string): string {
  return topic.replace(/\.v\d+$/, '')
}
