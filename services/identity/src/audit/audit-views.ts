import {
  SignedHead,
  VerificationReceipt,
  Witness,
  WitnessState,
} from '@erp-steward/contracts/ledger-events'
import {
  about,
  Instant,
  InstantOut,
  LocalDate,
  nullable,
  Uuid,
} from '@erp-steward/contracts/values'
import { Type } from 'typebox'

const Sha256 = Type.String()

export const RecordView = Type.Object(
  {
    seq: Type.Integer({ description: 'Counts from 1 without gaps.' }),
    eventId: about(Uuid, 'Id of the event that stated the fact.'),
    type: Type.String({ description: 'Type of the event with its version.' }),
    subject: Type.String({ description: 'Id of what the fact is about.' }),
    subjectName: nullable(
      Type.String(),
      'Of a person, account, machine, unit, department or position.',
    ),
    actor: Type.String({
      description:
        'Who acted: id of an account or client, `service:<name>`, `source:<id>` of monitoring, `host:<user>` at the host, or `anonymous`.',
    }),
    actorName: nullable(
      Type.String(),
      "Name of the account's person or of the machine as it is today; masked for whoever may not see names.",
    ),
    actorUserName: nullable(Type.String(), 'User name of the account.'),
    recordedAt: about(InstantOut, 'When the fact was recorded.'),
    envelope: Type.String({
      description: 'The CloudEvent as the very text that the hash covers.',
    }),
    previousHash: about(
      Sha256,
      'Hash of the record before in lower-case hex; zeros for the first.',
    ),
    hash: about(Sha256, 'SHA-256 of the one before and of this record in lower-case hex.'),
  },
  { title: 'AuditRecord' },
)

export const RecordState = Type.Enum(
  ['agrees', 'archived', 'record-missing', 'hash-differs', 'signature-invalid'],
  {
    title: 'AuditRecordState',
    description:
      'What the ledger says of the record now; `archived`: it lies in a file, by which it is checked.',
  },
)

const Fault = Type.Object(
  {
    seq: Type.Integer({ description: 'Number of the first record that is wrong.' }),
    what: Type.String({ description: 'What is wrong with it.' }),
  },
  { title: 'LedgerFault' },
)

const WitnessFinding = Type.Object(
  {
    witness: Witness,
    state: WitnessState,
    heads: Type.Integer({ description: 'Signed heads that were compared.' }),
    newest: nullable(
      Type.Object(
        {
          seq: Type.Integer({ description: 'Number of the last record that it covers.' }),
          signedAt: about(Instant, 'When it was signed.'),
        },
        { title: 'NewestHead' },
      ),
      'The last one that agrees; null: none.',
    ),
    vouchedSeq: Type.Integer({
      description: 'The last head that agrees among the records that were computed anew; 0: none.',
    }),
    disagreement: nullable(Fault, 'Where the two differ first; null: nowhere.'),
  },
  { title: 'WitnessFinding' },
)

export const VerificationView = Type.Object(
  {
    checked: Type.Integer({ description: 'Records that were computed anew.' }),
    intact: Type.Boolean({ description: 'Whether `state` is `intact`.' }),
    state: Type.Enum(['intact', 'broken', 'unproven'], {
      description:
        '`unproven`: the chain is sound in itself, but a witness is behind, cannot be asked, or none outside the database is set up.',
    }),
    fault: nullable(Fault, 'The first fault of the chain; null: none.'),
    witnesses: Type.Array(WitnessFinding, { description: 'What each witness says.' }),
    receipt: Type.Object(VerificationReceipt.properties, {
      title: 'VerificationReceipt',
      description:
        'The outcome, signed: the chain is sound from `since` up to record `seq`, and a witness outside the database vouches for it up to `vouchedSeq`. docs/guides/operate.md says how to check it.',
    }),
  },
  { title: 'LedgerVerification' },
)

export const KeyView = Type.Object(
  {
    keyId: SignedHead.properties.keyId,
    publicKey: Type.String({ description: 'Ed25519, 32 bytes in base64url.' }),
    signs: Type.Boolean({ description: 'Whether it is the one that signs now.' }),
    heads: Type.Integer({ description: 'Heads of the ledger that it signed.' }),
    since: nullable(InstantOut, 'When it signed the first of them; null: none yet.'),
    until: nullable(InstantOut, 'When it signed the last of them.'),
  },
  { title: 'LedgerKey' },
)

export const AnchorView = Type.Object(
  {
    day: about(LocalDate, 'Chinese date on which it was fixed.'),
    seq: Type.Integer({ description: 'The last record of the ledger when it was fixed; 0: none.' }),
    hash: about(Sha256, 'SHA-256 of that record in lower-case hex.'),
    anchoredAt: about(InstantOut, 'When it was fixed.'),
    record: RecordState,
  },
  { title: 'AuditAnchor' },
)

export const NotedHead = Type.Object(
  {
    seq: Type.Integer({
      minimum: 1,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'Number of the last record that it covers.',
    }),
    hash: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256 in lower-case hex.' }),
    signedAt: Type.Optional(about(Instant, 'Of a signed head.')),
    keyId: Type.Optional(SignedHead.properties.keyId),
    signature: Type.Optional(SignedHead.properties.signature),
    day: Type.Optional(about(LocalDate, 'Of an anchor.')),
    anchoredAt: Type.Optional(about(Instant, 'Of an anchor.')),
  },
  {
    title: 'NotedHead',
    additionalProperties: false,
    description:
      'An anchor, a signed head or a line of a witness file as it is; the signature is checked where there is one.',
  },
)

export const NotedComparison = Type.Object(
  {
    agree: Type.Boolean({ description: 'Whether every one agrees.' }),
    items: Type.Array(
      Type.Object(
        {
          seq: Type.Integer({ description: 'Of what was noted.' }),
          hash: about(Sha256, 'Of what was noted.'),
          record: RecordState,
        },
        { title: 'ComparedHead' },
      ),
      { description: 'In the order of `heads`.' },
    ),
  },
  { title: 'NotedComparison' },
)
