import { FirstAlarm, webhookSecret, type World } from './first-alarm.ts'
import { mailServer, webhookReceiver } from './receivers.ts'
import type { Site } from './site.ts'

export interface Stage {
  readonly site: Site
  readonly play: FirstAlarm
  close(): Promise<void>
}

/** The receivers, the product as `open` runs it with them, and the play upon both. */
export async function openStage(
  open: (environment: Readonly<Record<string, string>>) => Promise<Site>,
): Promise<Stage> {
  const secret = webhookSecret()
  const mail = await mailServer()
  const webhook = await webhookReceiver(secret)
  const site = await open({ SMTP_URL: mail.url, WEBHOOK_TARGETS: webhook.target })
  const world: World = {
    site,
    mails: mail.mails,
    calls: webhook.calls,
    webhookUrl: webhook.url,
    webhookSecret: secret,
    handoverSeconds: 5,
  }
  const play = new FirstAlarm(world)
  return {
    site,
    play,
    close: async () => {
      await play.close()
      await site.stop()
      await webhook.stop()
      await mail.stop()
    },
  }
}
