import { Day } from './day.ts'
import { Effects } from './effects.ts'
import { webhookSecret } from './first-alarm.ts'
import { mailServer, webhookReceiver } from './receivers.ts'
import type { Site } from './site.ts'

export interface Stage<Of extends Site = Site> {
  readonly site: Of
  readonly day: Day
  readonly effects: Effects
  close(): Promise<void>
}

/** The receivers, the product as `open` runs it with them, and the day upon both. */
export async function openStage<Of extends Site>(
  open: (environment: Readonly<Record<string, string>>) => Promise<Of>,
): Promise<Stage<Of>> {
  const secret = webhookSecret()
  const mail = await mailServer()
  const webhook = await webhookReceiver(secret)
  const site = await open({ SMTP_URL: mail.url, WEBHOOK_TARGETS: webhook.target })
  const day = new Day({
    gatewayUrl: site.gatewayUrl,
    passwordFile: site.passwordFile,
    receivers: {
      mails: mail.mails,
      calls: webhook.calls,
      webhookUrl: webhook.url,
      webhookSecret: secret,
    },
  })
  return {
    site,
    day,
    effects: new Effects(site.superuserUrl),
    close: async () => {
      await day.close()
      await site.stop()
      await webhook.stop()
      await mail.stop()
    },
  }
}

/**
 * How soon the token of a leaver must be refused: a second on a quiet machine, the rest is for one that is busy with other
 * work; without the word of the leave it would open for the five minutes that it lives.
 */
export const REFUSED_WITHIN_MS = 120_000

/** Plays every step, saying each; `onStep` is told how much of the day is behind, 0 to 1, and may add to the words. */
export async function playAll(
  { day }: Pick<Stage, 'day'>,
  onStep: (behind: number) => string = () => '',
): Promise<void> {
  const { steps } = day
  for (const [at, [title, step]] of steps.entries()) {
    process.stderr.write(`  ${title}${onStep(at / steps.length)}\n`)
    await step()
  }
}

/** A row of the ledger changed by SQL must be found and named. */
export async function tamperIsFound({ day, effects }: Stage): Promise<void> {
  const changed = await effects.tamper()
  const verdict = await day.company.must('AUDADM', 'POST', '/v1/audit/verifications')
  const fault = verdict.body.fault as { seq: number } | null
  if (verdict.body.intact !== false || fault?.seq !== changed)
    throw new Error(`changed was ${changed}, found was ${JSON.stringify(verdict.body)}`)
}
