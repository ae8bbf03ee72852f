/** Whether a host (an IPv6 address without brackets) is this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

/** Whether what is sent to this address can be read on its way. */
export function isBare(address: string): boolean {
  const { protocol, hostname } = new URL(address)
  return protocol === 'http:' && !isLoopback(hostname.replace(/^\[|\]$/g, ''))
}
