import { SerializerSelector, type SerializerFactory } from '@fastify/fast-json-stringify-compiler'

/** Fastify's own serializers, compiled when asked for. */
export const serializers: SerializerFactory = SerializerSelector()

/**
 * The same, each compiled for the first answer that it writes: a process answers few operations soon, and compiling
 * the schemas of all was a third of a start.
 */
export const serializersAtFirstUse: SerializerFactory = (externalSchemas, options) => {
  const compile = serializers(externalSchemas, options)
  return (route) => {
    let serialize: ReturnType<typeof compile> | null = null
    return (document) => (serialize ??= compile(route))(document)
  }
}
