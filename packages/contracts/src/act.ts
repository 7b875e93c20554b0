/**
 * Who does something, as whom, when and in which request: the "provenance" every decision and every event carries.
 *
 * `now` is the instant of the decision; rules take time only from here.
 */
export interface Act {
  /** Account id, client id, or `service:<name>` where no person acts. */
  readonly actor: string
  /** The person behind the account; `null` for clients and services. */
  readonly personId: string | null
  /** People who can act through the client that acts; empty for people and services. */
  readonly controllers: readonly string[]
  /** The role the actor used, for example `SECURITY_ADMIN`. */
  readonly role: string
  /** The organisation unit the actor belongs to; `null` when company-wide. */
  readonly unitId: string | null
  readonly requestId: string
  /** W3C trace context, https://www.w3.org/TR/trace-context/. */
  readonly traceparent: string
  readonly now: Date
}
