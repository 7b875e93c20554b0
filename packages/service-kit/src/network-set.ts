import { BlockList, isIP } from 'node:net'
import { networkOf } from './network.ts'

/** Whether an address lies in any network of a list. */
export type NetworkSet = (address: string) => boolean

/**
 * Reads networks such as `10.0.0.0/8,fd00::/8,192.168.1.7`. An IPv4 address that comes as IPv6 (`::ffff:10.0.0.1`) is
 * judged as IPv4; text that is no address lies in no network.
 *
 * @throws RangeError naming the entry that is no network
 */
export function readNetworks(list: string): NetworkSet {
  const networks = new BlockList()
  for (const entry of list.split(',').map((text) => text.trim())) {
    if (entry === '') continue
    const network = networkOf(entry)
    if (network === null) throw new RangeError(`${entry} is not a network in CIDR notation`)
    networks.addSubnet(network.address, network.prefix, network.family)
  }
  return (address) => {
    const plain = plainAddress(address)
    const version = isIP(plain)
    return version !== 0 && networks.check(plain, version === 4 ? 'ipv4' : 'ipv6')
  }
}

/** The address without IPv6 zone, and as IPv4 where IPv6 only wraps it. */
export function plainAddress(address: string): string {
  const [unzoned = ''] = address.split('%')
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(unzoned)?.[1] ?? unzoned
}
