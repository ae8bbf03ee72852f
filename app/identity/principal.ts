/** What may stand before a name and makes it no other principal. */
const kinds: Readonly<Partial<Record<string, RegExp>>> = {
  azure: /^(?:user|serviceprincipal):/,
  gcp: /^(?:user|serviceaccount):/,
  kubernetes: /^user:/,
}
const serviceAccount = /^serviceaccount:([^/]*)\//

/**
 * One text for every way in which a cloud's principal can be written. Clouds differ about case, so the stricter way is
 * taken: it tells apart only what every cloud tells apart.
 */
export const canonicalPrincipal = (provider: string, principal: string): string => {
  const written = principal.toLowerCase()
  const kind = kinds[provider]
  const bare = kind === undefined ? written : written.replace(kind, '')
  return provider === 'kubernetes' ? bare.replace(serviceAccount, 'system:serviceaccount:$1:') : bare
}
