/** By this header the gateway tells identity which certificate a machine has shown it. */
export const CERTIFICATE_HEADER = 'x-client-certificate'
