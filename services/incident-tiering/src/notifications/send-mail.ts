import { createTransport } from 'nodemailer'
import type { Notification } from './notification.ts'

/** How long a mail server may take for one step, in milliseconds. */
const STEP_MS = 10_000

export type Send = (notification: Notification) => Promise<string>

/**
 * Sends by SMTP; resolves with the server's answer once it has accepted the message.
 *
 * The Message-ID is the notification's id: a receiver that sees it twice after a crash can tell.
 */
export function createMailSender(smtpUrl: string, from: string): Send {
  if (smtpUrl === '')
    return () => Promise.reject(new Error('No mail server is configured (SMTP_URL).'))
  const transport = createTransport({
    url: smtpUrl,
    connectionTimeout: STEP_MS,
    greetingTimeout: STEP_MS,
    socketTimeout: STEP_MS,
  })
  return async ({ id, recipient, subject, body }) => {
    const { response } = await transport.sendMail({
      from,
      to: recipient,
      subject,
      text: body,
      messageId: `<${id}@erp-steward>`,
    })
    return response
  }
}
