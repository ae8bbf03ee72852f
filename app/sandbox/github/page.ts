import type { Answer, Call } from './call.ts'

/**
 * One page of a list, with GitHub's Link header. `per_page` is 30 unless told, 100 at most.
 * https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
 */
export async function page<T>(
  call: Call,
  items: readonly T[],
  shape: (item: T) => unknown,
  wrap: (shown: unknown[]) => unknown = (shown) => shown,
): Promise<Answer> {
  const perPage = clamp(call.url.searchParams.get('per_page'), 30, 100)
  const current = clamp(call.url.searchParams.get('page'), 1, Number.MAX_SAFE_INTEGER)
  const last = Math.max(1, Math.ceil(items.length / perPage))
  const shown = await Promise.all(items.slice((current - 1) * perPage, current * perPage).map(shape))
  const to = (number: number, name: string) => {
    const url = new URL(call.url)
    url.searchParams.set('page', String(number))
    return `<${url}>; rel="${name}"`
  }
  const links = [
    ...(current > 1 ? [to(Math.min(current - 1, last), 'prev')] : []),
    ...(current < last ? [to(current + 1, 'next'), to(last, 'last')] : []),
    ...(current > 1 ? [to(1, 'first')] : []),
  ]
  return { status: 200, body: wrap(shown), headers: links.length > 0 ? { link: links.join(', ') } : {} }
}

function clamp(text: string | null, otherwise: number, most: number): number {
  const number = Number(text)
  return text !== null && Number.isSafeInteger(number) && number >= 1 ? Math.min(number, most) : otherwise
}
