import { constants, createHash, createPublicKey, publicEncrypt, type KeyObject } from 'node:crypto'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { Type, type Static } from 'typebox'
import { IssuedHalf } from './issue-half.ts'

/** Bits of the modulus: from what is good beyond 2030 to what costs well below a millisecond. Source: NIST SP 800-57. */
const MODULUS_BITS = { least: 3_072, most: 8_192 } as const

/** A public key as PEM; `readSealingKey` says which are taken. */
export const SealingKey = Type.String({
  maxLength: 2_000,
  pattern:
    '^-----BEGIN PUBLIC KEY-----\\r?\\n[A-Za-z0-9+/=\\r\\n]+-----END PUBLIC KEY-----\\r?\\n?$',
  description:
    'An RSA public key of 3,072 to 8,192 bits with the exponent 65537, as PEM (`openssl pkey -pubout`). Only its private key opens what is answered.',
})

/** What a half is sealed to. */
export interface SealTo {
  readonly key: KeyObject
  /** SHA-256 of the key's SubjectPublicKeyInfo in hexadecimal, for the ledger and for people who compare. */
  readonly fingerprint: string
}

/**
 * The key in a PEM.
 *
 * @throws Problem `validation-failed` if it is none of ours: another kind, too short or too long, or with an exponent under
 *   which nothing is sealed
 */
export function readSealingKey(pem: string): SealTo {
  let key: KeyObject
  try {
    key = createPublicKey({ key: pem, format: 'pem', type: 'spki' })
  } catch {
    throw unusable()
  }
  const { modulusLength = 0, publicExponent } = key.asymmetricKeyDetails ?? {}
  if (
    key.asymmetricKeyType !== 'rsa' ||
    modulusLength < MODULUS_BITS.least ||
    modulusLength > MODULUS_BITS.most ||
    publicExponent !== 65_537n
  )
    throw unusable()
  const der = key.export({ type: 'spki', format: 'der' })
  return { key, fingerprint: createHash('sha256').update(der).digest('hex') }
}

function unusable() {
  const detail = said(
    'An RSA public key of 3,072 to 8,192 bits with the exponent 65537 is needed.',
    '须为 3072 至 8192 位、指数为 65537 的 RSA 公钥。',
  )
  return new Problem('validation-failed', detail, { errors: [{ pointer: '#/sealTo', detail }] })
}

/** A half that only the holder of a private key can read. */
export const SealedHalf = Type.Object({
  ...Type.Omit(IssuedHalf, ['claimCode']).properties,
  sealed: Type.String({
    description:
      'RSA-OAEP with SHA-256 for the key in `sealTo`, in base64: JSON of `accountId`, `half` and `claimCode`.',
  }),
})
export type SealedHalf = Static<typeof SealedHalf>

/** The half sealed; the account is inside too, so that nobody on the way can give one account's half out as another's. */
export function sealHalf({ claimCode, ...half }: IssuedHalf, { key }: SealTo): SealedHalf {
  const text = JSON.stringify({ accountId: half.accountId, half: half.half, claimCode })
  const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }
  return {
    ...half,
    sealed: publicEncrypt({ key, ...padding }, Buffer.from(text)).toString('base64'),
  }
}
