const noreply = /^(\d{1,15})\+([A-Za-z0-9][A-Za-z0-9_-]{0,38}(?:\[bot\])?)@users\.noreply\.[a-z0-9.-]+$/i

/**
 * The account that one of GitHub's private commit addresses, `<id>+<login>@users.noreply.github.com`, belongs
 * to; on Enterprise Server the host is its own. The number is what counts, the login may be an old one.
 * https://docs.github.com/account-and-profile/reference/email-addresses-reference
 */
export function noreplyAddress(address: string): { readonly id: number; readonly login: string } | undefined {
  const [, id, login] = noreply.exec(address) ?? []
  return id === undefined || login === undefined ? undefined : { id: Number(id), login }
}
