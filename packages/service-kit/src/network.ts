import { isIP } from 'node:net'

/** A network in CIDR notation; an address alone is a network of one. */
export interface Network {
  readonly address: string
  readonly prefix: number
  readonly family: 'ipv4' | 'ipv6'
}

/** @returns `null` for text that is neither an address nor a network, such as `10.0.0.0/33` */
export function networkOf(text: string): Network | null {
  const [address = '', prefix, ...more] = text.split('/')
  const version = isIP(address)
  const most = version === 4 ? 32 : 128
  if (version === 0 || more.length > 0) return null
  if (prefix !== undefined && (!/^\d{1,3}$/.test(prefix) || Number(prefix) > most)) return null
  return {
    address,
    prefix: prefix === undefined ? most : Number(prefix),
    family: version === 4 ? 'ipv4' : 'ipv6',
  }
}
