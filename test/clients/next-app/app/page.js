import Link from 'next/link';

export default function Home() {
  return (
    <main>
      <h1>Home of the Next app</h1>
      {process.env.NEXT_PUBLIC_PLACE && <p>{`Built for ${process.env.NEXT_PUBLIC_PLACE}, mine ${process.env.NEXT_PUBLIC_MINE}`}</p>}
      <Link href="/blog/first">First</Link>
    </main>
  );
}
