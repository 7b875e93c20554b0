// npm run demo: plays one working day against a running `npm start`, step by step.
import { join, resolve } from 'node:path'
import { readFile } from 'node:fs/promises'
import { checkSettings } from '@erp-steward/standalone/check-settings'
import { Caller } from './caller.ts'
import { Day } from './day.ts'
import { hasPrometheus } from './metric-sender.ts'
import { answers } from './site.ts'

const say = (line = '') => {
  process.stdout.write(`${line}\n`)
}

/** Words for the newcomer instead of a stack. */
class NotPlayable extends Error {}

const { STEWARD_HOST: host, STEWARD_PORT: port, STEWARD_DATA: data } = checkSettings(process.env)
const gatewayUrl = `http://${host}:${port}`
const passwordFile = join(resolve(data), 'administrators.txt')
let day: Day | undefined
try {
  await assertFresh()
  day = new Day({ gatewayUrl, passwordFile, receivers: null })
  say(`One working day of ERP operation, played from outside through ${gatewayUrl}.`)
  say(
    hasPrometheus
      ? 'A real Prometheus sends the metrics.'
      : 'No Prometheus is installed here: the demo sends the metrics itself.',
  )
  say('No mail server and no webhook are set: messages stay in the delivery ledger.\n')
  const { steps } = day
  const started = performance.now()
  for (const [at, [title, step]] of steps.entries()) {
    process.stdout.write(`${String(at + 1).padStart(2)}/${steps.length}  ${title} … `)
    const begun = performance.now()
    await step()
    say(`${((performance.now() - begun) / 1_000).toFixed(1)} s`)
  }
  say(`\nThe day is over after ${((performance.now() - started) / 1_000).toFixed(0)} s.`)
  await lookAtNext(day)
} catch (error) {
  const words = error instanceof Error ? error.message : String(error)
  say(error instanceof NotPlayable ? `\n${words}` : `\nThe day broke off: ${words}`)
  process.exitCode = 1
} finally {
  await day?.close()
}

/** @throws NotPlayable when nothing answers, or the administrators have passwords of their own */
async function assertFresh(): Promise<void> {
  await answers(`${gatewayUrl}/health`, 1_000).catch(() => {
    throw new NotPlayable(
      `No ERP Steward answers at ${gatewayUrl}. Start it in another terminal with \`npm start\`, with the same\n` +
        'STEWARD_PORT and STEWARD_DATA.',
    )
  })
  const lines = await readFile(passwordFile, 'utf8').catch(() => {
    throw new NotPlayable(
      `There is no ${passwordFile}: set STEWARD_DATA as it is set for the running \`npm start\`.`,
    )
  })
  const [userName, , password] = lines.split('\n')[0]?.split('\t') ?? []
  const session = await new Caller(gatewayUrl).ask('POST', '/v1/sessions', {
    body: { userName, password },
  })
  if (session.status !== 201 && session.status !== 200)
    throw new NotPlayable(
      'The administrators of this site have chosen their passwords already, so it is in use, and the demo would make\n' +
        'units, people and tickets in it. Play on a site of its own:\n\n' +
        '  STEWARD_DATA=.data/demo STEWARD_PORT=8090 STEWARD_POSTGRES_PORT=15490 npm start\n' +
        '  STEWARD_DATA=.data/demo STEWARD_PORT=8090 npm run demo',
    )
}

async function lookAtNext({ company, upgrade, alarm, month }: Day): Promise<void> {
  const { password, device } = company.login('AUDADM')
  const { body } = await company.must('AUDADM', 'GET', '/v1/controls/summary')
  const states = (body.states as { state: string; count: number }[])
    .map(({ state, count }) => `${count} ${state}`)
    .join(', ')
  say(`
What to look at next

  every operation       ${gatewayUrl}/docs
  sign in               AUDADM (audits), SYSADM, SECADM, or ${company.member('authority').userName} (runs the ERP)
                        with the password ${password}; for the three also with a code of the
                        authenticator app, whose secret for AUDADM is ${device?.secret ?? ''}

  CODE=$(npm run --silent code -- ${device?.secret ?? ''})
  TOKEN=$(curl -s ${gatewayUrl}/v1/sessions -H 'content-type: application/json' \\
    -d "{\\"userName\\":\\"AUDADM\\",\\"password\\":\\"${password}\\",\\"code\\":\\"$CODE\\"}" | node -pe 'JSON.parse(require("fs").readFileSync(0)).accessToken')
  alias ask='curl -s -H "authorization: Bearer $TOKEN"'

  which clauses hold    ask '${gatewayUrl}/v1/controls?limit=200'
                        now: ${states}
  why one is broken     ask ${gatewayUrl}/v1/controls/A-2.4.2
  the alarm's ticket    ask ${gatewayUrl}/v1/tickets/${alarm.ticketId}/timeline
  the upgrade           ask ${gatewayUrl}/v1/changes/${upgrade.changeId}/timeline
  the restore's receipt ask ${gatewayUrl}/v1/restore-plans/${upgrade.planId}/receipt
  the scores            ask '${gatewayUrl}/v1/scores?sheetId=${month.sheetId}&subjectKind=person'
  what is on record     ask '${gatewayUrl}/v1/audit/records?subject=${upgrade.changeId}'

The demo has set parameters (change windows, hand-over clock) and made 200 people: go on with a fresh STEWARD_DATA.`)
}
