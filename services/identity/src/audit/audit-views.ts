import {
  SignedHead,
  VerificationReceipt,
  Witness,
  WitnessState,
} from '@erp-steward/contracts/ledger-events'
import { Instant, InstantOut, LocalDate, nullable, Uuid } from '@erp-steward/contracts/values'
import { Type } from 'typebox'

export const Sha256 = Type.String({ description: 'SHA-256 in lower-case hex.' })

export const RecordView = Type.Object({
  seq: Type.Integer({ description: 'Counts from 1 without gaps.' }),
  eventId: Uuid,
  type: Type.String(),
  subject: Type.String(),
  subjectName: nullable(
    Type.String({ description: 'Of a person, account, machine, unit, department or position.' }),
  ),
  actor: Type.String(),
  actorName: nullable(
    Type.String({
      description:
        "Name of the account's person or of the machine as it is today; masked for whoever may not see names.",
    }),
  ),
  actorUserName: nullable(Type.String({ description: 'User name of the account.' })),
  recordedAt: InstantOut,
  envelope: Type.String({
    description: 'The CloudEvent as the very text that the hash covers.',
  }),
  previousHash: Sha256,
  hash: Sha256,
})

export const RecordState = Type.Enum(
  ['agrees', 'record-missing', 'hash-differs', 'signature-invalid'],
  {
    description: 'What the ledger says of the record now.',
  },
)

const Fault = Type.Object({ seq: Type.Integer(), what: Type.String() })

export const VerificationView = Type.Object({
  checked: Type.Integer(),
  intact: Type.Boolean({ description: 'Whether `state` is `intact`.' }),
  state: Type.Enum(['intact', 'broken', 'unproven'], {
    description:
      '`unproven`: the chain is sound in itself, but a witness is behind, cannot be asked, or none outside the database is set up.',
  }),
  fault: nullable(Fault),
  witnesses: Type.Array(
    Type.Object({
      witness: Witness,
      state: WitnessState,
      heads: Type.Integer({ description: 'Signed heads that were compared.' }),
      newest: nullable(Type.Object({ seq: Type.Integer(), signedAt: Instant })),
      vouchedSeq: Type.Integer({
        description:
          'The last head that agrees among the records that were computed anew; 0: none.',
      }),
      disagreement: nullable(Fault),
    }),
    {
      description:
        '`signature`: the signed heads beside the ledger; `file`: those in a file outside the database; `assessment`: those that the other service keeps.',
    },
  ),
  receipt: Type.Object(VerificationReceipt.properties, {
    description:
      'The outcome, signed: the chain is sound from `since` up to record `seq`, and a witness outside the database vouches for it up to `vouchedSeq`. docs/guides/operate.md says how to check it.',
  }),
})

export const KeyView = Type.Object({
  keyId: Type.String(),
  publicKey: Type.String({ description: 'Ed25519, 32 bytes in base64url.' }),
  signs: Type.Boolean({ description: 'Whether it is the one that signs now.' }),
  heads: Type.Integer({ description: 'Heads of the ledger that it signed.' }),
  since: nullable(InstantOut),
  until: nullable(InstantOut),
})

export const AnchorView = Type.Object({
  day: LocalDate,
  seq: Type.Integer({ description: 'The last record of the ledger when it was fixed; 0: none.' }),
  hash: Sha256,
  anchoredAt: InstantOut,
  record: RecordState,
})

export const NotedHead = Type.Object(
  {
    seq: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    hash: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256 in lower-case hex.' }),
    signedAt: Type.Optional(Instant),
    keyId: Type.Optional(SignedHead.properties.keyId),
    signature: Type.Optional(SignedHead.properties.signature),
    day: Type.Optional(LocalDate),
    anchoredAt: Type.Optional(Instant),
  },
  {
    additionalProperties: false,
    description:
      'An anchor, a signed head or a line of a witness file as it is; the signature is checked where there is one.',
  },
)
