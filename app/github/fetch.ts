const bodiless = [204, 205, 304]

/**
 * `fetch` with a time limit over the whole answer, body included. Octokit takes a body that breaks off for an
 * empty one, and an empty page for the end of a list: here the call fails instead. Redirects are shown, not
 * followed: GitHub redirects from a renamed repository's old name (trust.md 1.1).
 */
export const timedFetch =
  (timeoutMs: number): typeof fetch =>
  async (input, init) => {
    const limit = AbortSignal.timeout(timeoutMs)
    const signal = init?.signal ? AbortSignal.any([init.signal, limit]) : limit
    const response = await fetch(input, { ...init, signal, redirect: 'manual' })
    const body = await response.arrayBuffer()
    const { status, statusText, headers, url } = response
    const whole = new Response(bodiless.includes(status) ? null : body, { status, statusText, headers })
    // Octokit turns the pages of a list that counts its entries by the answer's address.
    return Object.defineProperty(whole, 'url', { value: url })
  }
