import { cookies } from 'next/headers';

export default async function Account() {
  const session = (await cookies()).get('session')?.value;
  return <h1>Account of {session}</h1>;
}
