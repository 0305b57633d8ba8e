<?php
// Sends one command and waits for its answer, with PHP's own curl.

declare(strict_types=1);

function ask(string $path, ?array $body = null): array
{
    $request = curl_init(getenv('ENCAISSE_URL') . $path);
    curl_setopt_array($request, [
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_TIMEOUT => 10,
        CURLOPT_HTTPHEADER => ['Authorization: Bearer ' . getenv('ENCAISSE_KEY'), 'Content-Type: application/json'],
    ]);
    if ($body !== null) {
        curl_setopt($request, CURLOPT_POSTFIELDS, json_encode($body, JSON_THROW_ON_ERROR));
    }
    $text = curl_exec($request);
    $status = curl_getinfo($request, CURLINFO_RESPONSE_CODE);
    if ($text === false || $status >= 300) {
        throw new RuntimeException("$status: $text " . curl_error($request));
    }
    return json_decode($text, true, 512, JSON_THROW_ON_ERROR);
}

$answer = ask('/v1/commands', [
    'specversion' => '1.0',
    'source' => 'shop',
    'id' => 'order-php-1',
    'type' => 'encaisse.client.register.v1',
    'data' => [
        'organisation' => getenv('ENCAISSE_ORGANISATION'),
        'client' => 'php-1',
        'name' => 'Zoé Bélanger',
        'email' => 'zoe@example.org',
        'language' => 'fr',
    ],
]);
for ($tries = 0; $answer['status'] === 'accepted' && $tries < 60; $tries++) {
    usleep(500_000);
    $answer = ask($answer['href']);
}
echo json_encode($answer), "\n";
exit($answer['status'] === 'done' ? 0 : 1);
