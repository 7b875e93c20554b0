import { Type, type Static } from 'typebox'
import { defineEvent } from './event.ts'
import { about, Instant, nullable, Uuid } from './values.ts'

const Hash = Type.String({ pattern: '^[0-9a-f]{64}$' })

export const LedgerAnchored = defineEvent({
  type: 'audit.access.ledger-anchored.v1',
  summary: 'The head of the audit ledger was fixed for the day.',
  clauses: ['A-4.3.4'],
  payload: Type.Object({
    day: Type.String({ format: 'date' }),
    seq: Type.Integer({ minimum: 0 }),
    hash: about(Hash, 'SHA-256 in lower-case hex.'),
    anchoredAt: Instant,
  }),
})

const KeyId = Type.String({
  pattern: '^[0-9a-f]{16}$',
  description: 'Which key signed: the first 16 hex digits of the SHA-256 of the raw public key.',
})
const Signature = Type.String({
  pattern: '^[A-Za-z0-9_-]{86}$',
  description: 'Ed25519 (RFC 8032) in base64url, over the text that docs/guides/operate.md gives.',
})

/** The end of the ledger at a moment, signed with a key that is not in the database of the ledger. */
export const SignedHead = Type.Object({
  seq: Type.Integer({
    minimum: 1,
    description: 'Number of the last record that the signature covers, and with it all before.',
  }),
  hash: about(Hash, 'SHA-256 of that record in lower-case hex.'),
  signedAt: about(Instant, 'When it was signed.'),
  keyId: KeyId,
  signature: Signature,
})
export type SignedHead = Static<typeof SignedHead>

export const LedgerHeadSigned = defineEvent({
  type: 'audit.access.ledger-head-signed.v1',
  summary: 'The head of the audit ledger was signed, for witnesses outside its database.',
  clauses: ['A-4.3.4'],
  payload: SignedHead,
})

/** What is signed of a verification, so that it can be shown to somebody who cannot ask the ledger. */
export const VerificationReceipt = Type.Object({
  state: Type.Enum(['intact', 'broken', 'unproven'], { description: 'What came out.' }),
  seq: Type.Integer({
    minimum: 0,
    description:
      'The chain was computed anew, and is sound, up to this record; 0: not even the first.',
  }),
  hash: about(Hash, 'SHA-256 of that record in lower-case hex; zeros for 0.'),
  since: nullable(Instant, 'When the first record was made; null for an empty ledger.'),
  vouchedSeq: Type.Integer({
    minimum: 0,
    description:
      'The newest signed head that a witness outside the database holds and that agrees; 0: none.',
  }),
  signedAt: about(Instant, 'When it was signed.'),
  keyId: KeyId,
  signature: Signature,
})
export type VerificationReceipt = Static<typeof VerificationReceipt>

/** What a verification may find of a witness. */
export const WitnessState = Type.Enum(
  ['agrees', 'disagrees', 'behind', 'unreachable', 'not-set-up'],
  {
    title: 'WitnessState',
    description:
      '`behind`: facts have waited too long for a head that it holds; `unreachable`: it cannot be asked.',
  },
)

/** Who keeps signed heads of the ledger: the ledger's own table, a file, another service. */
export const Witness = Type.Enum(['signature', 'file', 'assessment'], {
  title: 'LedgerWitness',
  description:
    '`signature`: the signed heads beside the ledger; `file`: those in a file outside the database; `assessment`: those that the other service keeps.',
})

export const LedgerVerified = defineEvent({
  type: 'audit.access.ledger-verified.v1',
  summary: 'The audit ledger was checked record by record, and against its witnesses.',
  clauses: ['A-4.3.4'],
  payload: Type.Object({
    checked: Type.Integer({ minimum: 0 }),
    intact: Type.Boolean(),
    fault: nullable(Type.Object({ seq: Type.Integer(), what: Type.String() })),
    verifiedAt: Instant,
    /** `unproven`: the chain is sound in itself, but a witness could not be asked. Absent before there were witnesses. */
    state: Type.Optional(Type.Enum(['intact', 'broken', 'unproven'])),
    witnesses: Type.Optional(
      Type.Array(Type.Object({ witness: Witness, state: WitnessState }), { maxItems: 3 }),
    ),
    /** Absent before there were receipts, and when a lost head was stated without a verification. */
    receipt: Type.Optional(VerificationReceipt),
  }),
})

const ArchiveFile = Type.String({ description: 'Name of the file in the folder of archives.' })
const ArchiveAfter = Type.Integer({
  minimum: 0,
  description: 'It holds the records after this number.',
})
const ArchiveThrough = Type.Integer({ minimum: 1, description: 'Up to this record.' })

export const LedgerArchived = defineEvent({
  type: 'audit.access.ledger-archived.v1',
  summary: 'Records of the ledger left it for a file, which was checked before.',
  clauses: ['A-4.3.4'],
  payload: Type.Object({
    archiveId: about(Uuid, 'The archive.'),
    file: ArchiveFile,
    afterSeq: ArchiveAfter,
    throughSeq: ArchiveThrough,
    lastHash: about(Hash, 'Hash of the last record, from which the ledger goes on.'),
    records: Type.Integer({ minimum: 1, description: 'Records in it.' }),
    sha256: about(Hash, 'SHA-256 of the file in lower-case hex.'),
    keyId: KeyId,
    signature: Signature,
    archivedAt: about(Instant, 'When it was signed.'),
  }),
})

export const LedgerArchiveDestroyed = defineEvent({
  type: 'audit.access.ledger-archive-destroyed.v1',
  summary: 'The time of an archive of the ledger was over, and its file was deleted.',
  clauses: ['A-4.3.4'],
  payload: Type.Object({
    archiveId: about(Uuid, 'The archive.'),
    file: ArchiveFile,
    afterSeq: ArchiveAfter,
    throughSeq: ArchiveThrough,
    sha256: about(Hash, 'SHA-256 of the file in lower-case hex.'),
    wasThere: Type.Boolean({ description: 'Whether the file was there to be deleted.' }),
    destroyedAt: about(Instant, 'When it was deleted.'),
  }),
})

export const LedgerExported = defineEvent({
  type: 'audit.access.ledger-exported.v1',
  summary: 'Somebody began to read a copy of the audit ledger, or of a part of it.',
  clauses: ['A-4.3.4'],
  payload: Type.Object({
    format: Type.Enum(['ndjson', 'csv']),
    /** Records after this number up to `through`; both count from 1. */
    after: Type.Integer({ minimum: 0 }),
    through: Type.Integer({ minimum: 0 }),
    /** What was asked for, as the filter of the list; a user name is named by its account, as `actor`. */
    filter: Type.Record(Type.String(), Type.String()),
  }),
})
