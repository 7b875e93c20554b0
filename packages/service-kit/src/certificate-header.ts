import { createHmac, timingSafeEqual } from 'node:crypto'

const macOf = (certificate: string, internalToken: string) =>
  createHmac('sha256', internalToken).update(`client-certificate.${certificate}`).digest()

/** The certificate (DER) and the proof that a process of the product says so. */
export function writeCertificateHeader(der: Buffer, internalToken: string): string {
  const certificate = der.toString('base64url')
  return `${certificate}.${macOf(certificate, internalToken).toString('base64url')}`
}

/** The certificate (DER); `null` for a header that is missing, or that no process of the product wrote. */
export function readCertificateHeader(value: unknown, internalToken: string): Buffer | null {
  if (typeof value !== 'string') return null
  const [certificate = '', mac = ''] = value.split('.')
  const sent = Buffer.from(mac, 'base64url')
  const wanted = macOf(certificate, internalToken)
  return sent.length === wanted.length && timingSafeEqual(sent, wanted)
    ? Buffer.from(certificate, 'base64url')
    : null
}
