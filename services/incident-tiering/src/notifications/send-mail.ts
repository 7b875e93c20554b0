import { createTransport } from 'nodemailer'
import type { Notification } from './notification.ts'

/** Answers with what the receiver said; gives up, with whatever it has open, once `signal` is aborted. */
export type Send = (notification: Notification, signal: AbortSignal) => Promise<string>

/**
 * Sends by SMTP; resolves with the server's answer once it has accepted the message.
 *
 * The Message-ID is the notification's id: a receiver that sees it twice after a crash can tell.
 */
export function createMailSender(smtpUrl: string, from: string): Send {
  if (smtpUrl === '')
    return () => Promise.reject(new Error('No mail server is configured (SMTP_URL).'))
  // No time for single steps: a server that sends a line now and then would never run out of it.
  const transport = createTransport({ url: smtpUrl })
  return async ({ id, recipient, subject, body }, signal) => {
    const { response } = await transport.sendMail({
      from,
      to: recipient,
      subject,
      text: body,
      messageId: `<${id}@erp-steward>`,
      signal,
    })
    return response
  }
}
