// Sends one command and waits for its answer, with nothing but Java: java Send.java

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

public class Send {
    static final String URL = System.getenv("ENCAISSE_URL"), KEY = System.getenv("ENCAISSE_KEY");
    static final HttpClient CLIENT = HttpClient.newHttpClient();

    static String ask(String path, String body) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(URL + path))
            .timeout(Duration.ofSeconds(10))
            .header("Authorization", "Bearer " + KEY)
            .header("Content-Type", "application/json");
        if (body != null) {
            request.POST(BodyPublishers.ofString(body));
        }
        var response = CLIENT.send(request.build(), BodyHandlers.ofString());
        if (response.statusCode() >= 300) {
            throw new IllegalStateException(response.statusCode() + ": " + response.body());
        }
        return response.body();
    }

    public static void main(String[] arguments) throws Exception {
        var answer = ask("/v1/commands", """
            {"specversion": "1.0", "source": "shop", "id": "order-java-1", "type": "encaisse.client.register.v1",
             "data": {"organisation": "%s", "client": "java-1", "name": "Zoé Bélanger",
                      "email": "zoe@example.org", "language": "fr"}}
            """.formatted(System.getenv("ENCAISSE_ORGANISATION")));
        for (int tries = 0; answer.contains("\"status\":\"accepted\"") && tries < 60; tries++) {
            Thread.sleep(500);
            answer = ask("/v1/commands/shop/order-java-1", null);
        }
        System.out.println(answer);
        System.exit(answer.contains("\"status\":\"done\"") ? 0 : 1);
    }
}
