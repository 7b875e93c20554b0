import { rangeOf, type Setting } from '@erp-steward/service-kit/setting'
import { filledIn, settingsByReader } from './host-settings.ts'

/** How `npm start` is called, for an argument that nobody knows. */
export const USAGE = 'Usage: npm start [-- --kafka | --help]'

const EXAMPLES = `
Examples:
  npm start
  STEWARD_DATA=/var/lib/erp-steward STEWARD_PORT=9080 npm start
  SMTP_URL=smtp://mail.example.test:25 MAIL_FROM='ERP Steward <steward@example.test>' npm start
  KAFKA_BROKERS=k1:9092,k2:9092 npm start -- --kafka
`

/** What `npm start -- --help` answers: arguments, examples, and every setting that the host leaves to the environment. */
export function helpText(): string {
  const groups = settingsByReader.flatMap(([reader, { properties }]) => {
    const settings = Object.entries(properties as Readonly<Record<string, Setting>>).filter(
      ([name]) => !Object.hasOwn(filledIn, name),
    )
    return settings.length === 0
      ? []
      : [`\n${reader}:\n${settings.map(([name, setting]) => lineOf(name, setting)).join('')}`]
  })
  return `${USAGE}

Starts the whole product in one process: gateway, services and an embedded PostgreSQL.

  --kafka   events go through Kafka: an own broker (Java 17), or the cluster of KAFKA_BROKERS
  --help    this text
${EXAMPLES}
Settings are environment variables, read once at the start. More: docs/guides/operate.md
${groups.join('')}`
}

function lineOf(name: string, setting: Setting): string {
  const { description = '', default: byDefault } = setting
  const start = byDefault === '' || byDefault === undefined ? 'empty' : String(byDefault)
  return `  ${name}\n      ${description}\n      May be: ${rangeOf(setting)}. Default: ${start}\n`
}
