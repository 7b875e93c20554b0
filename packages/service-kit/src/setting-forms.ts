import { networkOf } from './network.ts'

/** A form that settings have and JSON Schema has no word for, named in `format` of a setting's schema. */
export interface SettingForm {
  /** Ends the sentence "must be …". */
  readonly words: string
  /** Empty text is asked too: a setting whose default is empty may be so. */
  readonly isHeldBy: (text: string) => boolean
}

/** What a reverse proxy may be called besides its address. Source: proxy-addr, which reads the list. */
const PROXY_NAMES = ['loopback', 'linklocal', 'uniquelocal']

const HOST_AND_PORT = /^(?:\[[\da-f:.]+\]|[^\s:/@[\]]+):(\d{1,5})$/i

const MAIL_ADDRESS = '[^<>\\s@]+@[^<>\\s@]+'
const MAIL_SENDER = new RegExp(`^(?:[^<>\\r\\n]*<${MAIL_ADDRESS}>|${MAIL_ADDRESS})$`)

/** The forms by the name that a schema gives in `format`. */
export const settingForms: Readonly<Record<string, SettingForm>> = {
  networks: {
    words: 'networks in CIDR notation, separated by commas',
    isHeldBy: (text) => listed(text).every((entry) => networkOf(entry) !== null),
  },
  proxies: {
    words: 'addresses or networks in CIDR notation, separated by commas',
    isHeldBy: (text) =>
      listed(text).every((entry) => PROXY_NAMES.includes(entry) || networkOf(entry) !== null),
  },
  origins: {
    words: 'origins such as https://portal.example.com, separated by commas',
    isHeldBy: (text) => listed(text).every(isOrigin),
  },
  'host-ports': {
    words: 'host:port, separated by commas',
    isHeldBy: (text) => listed(text).every(isHostAndPort),
  },
  'smtp-url': {
    words: 'smtp:// or smtps:// with [user:password@]host[:port]',
    isHeldBy: (text) => text === '' || isSmtpUrl(text),
  },
  'mail-sender': {
    words: 'address@host or Name <address@host>',
    isHeldBy: (text) => MAIL_SENDER.test(text),
  },
}

function listed(text: string): string[] {
  return text.split(',').flatMap((entry) => entry.trim() || [])
}

function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text
}

function isHostAndPort(text: string): boolean {
  const port = Number(HOST_AND_PORT.exec(text)?.[1] ?? 0)
  return port >= 1 && port <= 65_535
}

function isSmtpUrl(text: string): boolean {
  // `smtp:host` is a URL too, of no host.
  if (!/^smtps?:\/\//i.test(text) || !URL.canParse(text)) return false
  const { hostname, port } = new URL(text)
  return hostname !== '' && port !== '0'
}
