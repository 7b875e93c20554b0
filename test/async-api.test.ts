import { Parser } from '@asyncapi/parser'
import { expect, test } from '@jest/globals'
import { asyncApiDocument } from '@erp-steward/contracts/async-api'
import { eventCatalog, topics } from '@erp-steward/contracts/event-catalog'
import { LedgerAnchored } from '@erp-steward/contracts/ledger-events'
import { Compile } from 'typebox/compile'

/** The parser reads every schema of every message; on a busy machine that takes long. */
const PARSE_MS = 180_000

/** What it says of a document that is right: there is a newer minor version, which fewer tools read. */
const NEWER = 'asyncapi-latest-version'

const envelope = {
  specversion: '1.0',
  id: '0190b7a4-3c00-7000-8000-000000000001',
  source: '/identity',
  type: LedgerAnchored.type,
  subject: 'ledger',
  time: '2026-11-02T00:05:00.000Z',
  datacontenttype: 'application/json',
  actor: 'identity',
  actingrole: 'SYSTEM',
  clauseids: 'A-4.3.4',
  requestid: 'r-1',
  traceparent: '',
  data: { day: '2026-11-01', seq: 7, hash: 'a'.repeat(64), anchoredAt: '2026-11-02T00:05:00.000Z' },
}

test(
  'the document of all events is AsyncAPI 3 without a fault or a warning, a message for each type',
  async () => {
    const text = JSON.stringify(asyncApiDocument(eventCatalog))
    const { document, diagnostics } = await new Parser().parse(text)
    expect(diagnostics.filter(({ code }) => code !== NEWER)).toEqual([])
    expect(document?.version()).toBe('3.0.0')
    const channels = document?.channels().all() ?? []
    expect(channels.map((channel) => channel.address()).toSorted()).toEqual(topics)
    const sent = document?.operations().all() ?? []
    expect(
      sent
        .flatMap((operation) => operation.messages().all())
        .map((each) => each.name())
        .toSorted(),
    ).toEqual(eventCatalog.map(({ type }) => type))
    for (const message of document?.messages().all() ?? []) {
      expect(message.contentType()).toBe('application/cloudevents+json')
      expect(message.summary()).not.toBe('')
    }
  },
  PARSE_MS,
)

test(
  'an event as it is published fits the payload that its message tells; others do not',
  async () => {
    const text = JSON.stringify(asyncApiDocument([LedgerAnchored]))
    const { document } = await new Parser().parse(text)
    const [message] = document?.messages().all() ?? []
    const payload = Compile(message?.payload()?.json() ?? false)
    expect(payload.Check(envelope)).toBe(true)
    expect(payload.Check({ ...envelope, data: { ...envelope.data, added: 'later' } })).toBe(true)
    for (const other of [
      { ...envelope, type: 'audit.access.ledger-exported.v1' },
      { ...envelope, actor: undefined },
      { ...envelope, data: { ...envelope.data, seq: -1 } },
      { ...envelope, data: { ...envelope.data, hash: 'A'.repeat(64) } },
    ])
      expect(payload.Check(JSON.parse(JSON.stringify(other)))).toBe(false)
  },
  PARSE_MS,
)

test.each([
  ['a reference to nowhere', '#/components/messageTraits/fact', '#/components/messageTraits/none'],
  ['a schema that is none', '"pattern":"^[0-9a-f]{64}$"', '"pattern":7'],
  ['an action that there is not', '"action":"send"', '"action":"shout"'],
])(
  '%s in it would be found',
  async (_what, right, wrong) => {
    const text = JSON.stringify(asyncApiDocument([LedgerAnchored]))
    expect(text).toContain(right)
    const { document, diagnostics } = await new Parser().parse(text.replaceAll(right, wrong))
    expect(document).toBeUndefined()
    expect(diagnostics.filter(({ code }) => code !== NEWER)).not.toEqual([])
  },
  PARSE_MS,
)
