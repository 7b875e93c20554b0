/** Names of this machine, to which a browser may be sent without encryption. */
const LOOPBACK = ['127.0.0.1', '[::1]', 'localhost']

/**
 * Why a browser must not be sent to an address with a code or after signing out; `null`: it may. It is encrypted or on the
 * machine of the browser, and exactly one address: no user, no fragment, nothing that stands for others.
 *
 * Source: RFC 9700, 2.1; RFC 8252, 7.3.
 */
export function redirectFault(address: string): 'not-absolute' | 'clear-text' | 'ambiguous' | null {
  if (!URL.canParse(address)) return 'not-absolute'
  const { protocol, hostname, username, password, href } = new URL(address)
  if (protocol !== 'https:' && !(protocol === 'http:' && LOOPBACK.includes(hostname)))
    return 'clear-text'
  const isPlain = /^[!-~]+$/.test(address) && !/[#*\\<>"]/.test(address)
  // What the browser would write otherwise, two programs could read in two ways.
  const isItself = href === address || href === `${address}/`
  return username === '' && password === '' && isPlain && isItself ? null : 'ambiguous'
}
