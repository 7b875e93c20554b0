import { Envelope, type EventDefinition } from '@erp-steward/contracts/event'
import { Compile } from 'typebox/compile'

type Validator = ReturnType<typeof Compile>

const validators = new WeakMap<EventDefinition, Validator>()
const envelopeValidator = Compile(Envelope)

/** What is wrong with the payload, one sentence per fault; empty when it fits. */
export function payloadFaults(definition: EventDefinition, data: unknown): string[] {
  let validator = validators.get(definition)
  if (validator === undefined) {
    validator = Compile(definition.payload)
    validators.set(definition, validator)
  }
  return validator.Check(data) ? [] : faultsOf(validator, data)
}

/** What is wrong with the envelope around a payload; empty when it is a CloudEvent of ours. */
export function envelopeFaults(envelope: unknown): string[] {
  return envelopeValidator.Check(envelope) ? [] : faultsOf(envelopeValidator, envelope)
}

function faultsOf(validator: Validator, value: unknown): string[] {
  return validator
    .Errors(value)
    .slice(0, 5)
    .map(({ instancePath, message }) => `${instancePath || '/'} ${message}`)
}
